"""Figures stay readable with 16 learners, whatever the user's settings and the text in them."""

import itertools
import re

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text

from metascore.report import fonts, style
from metascore.report.drawing import drawings
from metascore.report.figures import adaptation, all_figures, gallery, learning, paths, published_gap, ranking, updates
from metascore.report.numbers import Numbers
from metascore.scoring import published

FAMILIES = ["metric"] * 4 + ["model"] * 3 + ["optimisation"] * 7 + ["baseline", "control"]
LEARNERS = [f"learner_name_{k}" for k in range(16)]
TITLES = {"omniglot_lake": "Synthetic glyphs, 20-way 1-shot", "sine_5s": "Sine, 5-shot"}
KINDS = [ranking, adaptation, published_gap, learning, updates]
MEASURES = {"omniglot_lake": "accuracy", "sine_5s": "error"}
SCORES = ["score", "score_low", "score_high"]


@pytest.fixture
def table():
    """Nearly equal learners, so that labels want the same place; the last one is at chance."""
    level = np.r_[np.linspace(96, 97, 15), 0.1]
    frame = pd.DataFrame({"learner": LEARNERS, "family": FAMILIES, "score": level / 100, "metascore": level})
    frame = frame.assign(rank_low=np.arange(16) + 1, rank_high=np.arange(16) + 1)
    for name, reach in (("score", 0.004), ("metascore", 0.4)):
        frame = frame.assign(**{f"{name}_low": frame[name] - reach, f"{name}_high": frame[name] + reach})
    return pd.concat([frame.assign(task=task, measure=measure) for task, measure in MEASURES.items()])


def lines(table, x, y):
    """A curve a task and learner towards its score."""
    rows = []
    for row in table.itertuples():
        for k in range(11):
            value = row.score * (1 - 0.5 ** (k + 1))
            ends = {y: value, f"{y}_low": 0.99 * value, f"{y}_high": min(1.01 * value, 1)}
            rows.append({"task": row.task, "learner": row.learner, **dict.fromkeys(x, k), **ends})
    return pd.DataFrame(rows)


def numbers_of(table, **changes):
    """All that a figure may ask for."""
    given = {
        "titles": TITLES,
        "entries": LEARNERS,
        "scores": table,
        "curves": lines(table, ["step", "updates"], "score"),
        "histories": lines(table, ["iteration"], "validation"),
        "published": table.assign(published=0.99, published_reach=0.002),
        "shown": {task: {} for task in TITLES},
        "figure_data": {task: {} for task in TITLES},
    } | changes
    numbers = object.__new__(Numbers)
    numbers.__dict__.update(given)
    return numbers


def drawn(kind, numbers, task="sine_5s"):
    with style.settings():
        return kind.draw(numbers, task)


def seen(axis):
    """The labels of an axis, without those of ticks beyond its ends, which are not drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


def boxes(figure):
    """The bounding box of each text that is seen."""
    FigureCanvasAgg(figure).draw()
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        found += [
            *axes.texts,
            *seen(axes.xaxis),
            *seen(axes.yaxis),
            axes.xaxis.label,
            axes.yaxis.label,
            axes._left_title,
        ]
    return [(text.get_text(), Text.get_window_extent(text)) for text in found if text.get_text() and text.get_visible()]


def returns(table):
    """The same tasks with negative scores, the best possible one 0."""
    return table.assign(measure="return", **{name: 100 * (table[name] - 1.01) for name in SCORES})


def long_names(table):
    return table.assign(rank_high=17).replace({LEARNERS[-2]: "reptile_transductive"})


@pytest.mark.parametrize(
    "change, task",
    [(lambda table: table, "omniglot_lake"), (returns, "omniglot_lake"), (long_names, "sine_5s")],
    ids=["accuracies", "returns", "errors and long names"],
)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.rpartition(".")[2])
def test_texts_do_not_overlap_and_names_are_whole(kind, task, change, table):
    figure = drawn(kind, numbers_of(change(table)), task)
    found = boxes(figure)
    assert len(found) > 16 and figure.get_tightbbox().height < 1.1 * figure.get_figheight()
    assert not [(a, b) for (a, one), (b, other) in itertools.combinations(found, 2) if one.overlaps(other)]


@pytest.mark.parametrize("kind", [ranking, published_gap])
def test_a_single_episode_without_intervals_and_ranks_is_drawn(kind, table):
    ends = [f"{name}_{end}" for name in ("score", "metascore") for end in ("low", "high")]
    none = pd.array([None] * len(table), dtype="Int64")
    bare = table.assign(**dict.fromkeys(ends, np.nan), rank_low=none, rank_high=none)
    words = [text for text, _ in boxes(drawn(kind, numbers_of(bare)))]
    assert len(words) > 16 and not [text for text in words if "nan" in text or "NA" in text]


@pytest.mark.parametrize("kind", [adaptation, updates, learning, published_gap, gallery, paths])
def test_a_task_without_such_results_has_no_figure(kind, table):
    empty = {"histories": lines(table, ["iteration"], "validation").iloc[:0], "published": table.iloc[:0]}
    flat = lines(table, ["step"], "score").assign(updates=0)
    assert drawn(kind, numbers_of(table, curves=flat, **empty)) is None


def test_only_learners_that_descend_have_adaptation_curves(table):
    curves = lines(table, ["step", "updates"], "score")
    curves.loc[curves["learner"] == LEARNERS[0], "updates"] = 0
    words = [text for text, _ in boxes(drawn(adaptation, numbers_of(table, curves=curves)))]
    assert LEARNERS[0] not in words and LEARNERS[1] in words


def test_papers_are_hollow_marks_at_their_step_and_people_are_named_lines(table, monkeypatch):
    columns = ["task", "learner", "steps", "score"]
    printed = [("omniglot_lake", LEARNERS[0], 6, 0.8), ("omniglot_lake", LEARNERS[0], pd.NA, 0.9)]
    printed.append(("omniglot_lake", "of no run", 3, 0.7))
    monkeypatch.setattr(published, "load", lambda: pd.DataFrame(printed, columns=columns))
    axes = drawn(adaptation, numbers_of(table), "omniglot_lake").axes[0]
    hollow = [line.get_xydata().tolist() for line in axes.lines if line.get_mfc() == "white"]
    assert hollow == [[[6.0, 80.0]]]
    assert "people" in [text.get_text() for text in axes.texts]
    assert 95.5 in [line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":"]


@pytest.mark.parametrize("change, expected", [([9, 5, 2, 1], 3), ([9], 10)])
def test_adaptation_ends_where_all_curves_are_flat(change, expected, table):
    curves = lines(table, ["step", "updates"], "score")
    for name in SCORES:
        curves[name] = np.array(change, float)[curves["step"].clip(upper=len(change) - 1)]
    assert drawn(adaptation, numbers_of(table, curves=curves)).axes[0].get_xticks().max() == expected


def test_paths_end_where_they_are_no_numbers_any_more(table):
    ways = np.linspace(0, 0.3, 2 * 4 * 3 * 101 * 2).reshape(2, 4, 3, 101, 2)
    ways[0, 1, 2, 7:] = np.nan
    data = {"sine_5s": {LEARNERS[k]: {0: {"paths": ways}} for k in (0, 4)}}
    shown = {"sine_5s": {"goals": np.array([[0.3, 0.3], [-0.2, 0.1]])}}
    figure = drawn(paths, numbers_of(table, figure_data=data, shown=shown))
    assert len(figure.axes) == 2 * 4
    found = [line.get_xydata() for line in figure.axes[1].lines]
    assert len(found) == 2 * (2 * 3 + 1)
    np.testing.assert_array_equal(found[4], ways[0, 1, 2, :7])
    np.testing.assert_array_equal(found[5], ways[0, 1, 2, 6:7])


def test_an_interval_that_leaves_the_panel_has_an_arrow(table):
    table.loc[table["learner"] == LEARNERS[0], "metascore_high"] = 100.0
    assert ">" in [line.get_marker() for line in drawn(ranking, numbers_of(table)).axes[0].lines if line.get_ms() == 6]


def test_the_gallery_marks_each_mistake_that_it_shows():
    answer = np.repeat([0, 1, 2], 5)
    wrong = answer.copy()
    wrong[[0, 5]] = 2  # the first query of two classes: they are shown
    images = np.random.default_rng(0).random((15, 28, 28))
    example = gallery.Example(images[:3], images, answer, {"good": answer, "bad": wrong})
    axes = gallery.gallery([example], style.styles({"good": "metric", "bad": "model"}), "Title").axes[0]
    crosses = [line for line in axes.lines if line.get_marker() == "X"]
    assert len(crosses) == 2 and {to_hex(line.get_color()) for line in crosses} == {gallery.WRONG_COLOUR}
    assert {"15 of 15 right", "13 of 15 right"} <= {text.get_text() for text in axes.texts}


@pytest.mark.parametrize("way, each", [(5, 5), (3, 5), (20, 1), (20, 5)])
def test_the_gallery_shows_as_many_queries_of_each_class_as_fit(way, each):
    answer = np.tile(np.arange(way), each)
    shown = answer[gallery.shown_queries(answer)]
    counts = np.bincount(shown, minlength=way)
    assert len(shown) == min(gallery.COLUMNS, way * each)
    assert (np.diff(shown) >= 0).all() and counts.max() - counts.min() <= 1


def test_a_family_has_one_colour_and_a_learner_one_mark_whatever_else_is_run():
    families = dict(zip(LEARNERS, FAMILIES, strict=True))
    all_styles = style.styles(families, LEARNERS)
    assert len({one.colour for one in all_styles.values()}) == len(set(FAMILIES))
    assert len({(one.colour, one.mark) for one in all_styles.values()}) == 16
    few = {name: families[name] for name in LEARNERS[::-3]}
    assert style.styles(few, LEARNERS) == {name: all_styles[name] for name in few}


def test_the_users_settings_change_no_byte(table, tmp_path):
    numbers = numbers_of(table)
    before = style.rendered(drawn(ranking, numbers), "svg")
    with matplotlib.rc_context({"text.usetex": True, "font.size": 20, "savefig.dpi": 40, "axes.facecolor": "red"}):
        assert style.rendered(drawn(ranking, numbers), "svg") == before


@pytest.mark.parametrize("title", ["a$_$b", "cost $x^2$ of $y", r"\alpha_{", "100 % & #1 ~ ^"])
def test_no_text_is_parsed(title, table):
    figure = drawn(ranking, numbers_of(table, titles=TITLES | {"sine_5s": title}))
    assert title in [text for text, _ in boxes(figure)]
    assert style.rendered(figure, "svg")


@pytest.mark.filterwarnings("error")
def test_letters_without_a_font_are_one_line_and_boxes(table, monkeypatch, caplog):
    monkeypatch.setattr(fonts.font_manager, "findSystemFonts", list)
    fonts._families.cache_clear()
    style.rendered(drawn(ranking, numbers_of(table, titles=TITLES | {"sine_5s": "花 and 鸟"})), "png")
    fonts._families.cache_clear()
    assert [message for message in caplog.messages if "花鸟" in message and "fonts-noto-cjk" in message]
    assert len(caplog.messages) == 1


def test_an_svg_is_concise_and_has_the_same_numbers_to_two_digits(table):
    svg = style.rendered(drawn(ranking, numbers_of(table)), "svg").decode()
    assert "\n " not in svg
    assert not re.search(r"[1-9]\d*\.\d{3}", svg)


def test_every_figure_is_drawn_of_every_task_and_filed_of_the_first(table):
    found, files = drawings(numbers_of(table))
    assert set(files) == {module.__name__.rpartition(".")[2] for module in all_figures()}
    assert [one.task for one in found if one.name == "ranking"] == list(TITLES)
    assert all(content.startswith(b"\x89PNG") for content in files.values())


def test_spread_keeps_distances_and_moves_as_little_as_possible():
    np.testing.assert_allclose(style.spread(np.array([0.5, 0.5]), 0.1), [0.45, 0.55])
    np.testing.assert_allclose(style.spread(np.array([0.9, 0.2]), 0.1), [0.9, 0.2])
    np.testing.assert_allclose(style.spread(np.array([1.0, 1.0]), 0.1), [0.9, 1.0])
