"""Metrics stay small; figures stay readable with 16 learners: no texts overlap, none leaves the page."""

import io
import itertools
import re
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Text
from PIL import Image

from metascore.report import style
from metascore.report.figures.adaptation import Known, adaptation
from metascore.report.figures.cost import cost, pareto
from metascore.report.figures.gallery import COLUMNS, WRONG_COLOUR, Example, gallery, shown_queries
from metascore.report.figures.improvement import improvement
from metascore.report.figures.learning import learning
from metascore.report.figures.paths import Course, paths
from metascore.report.figures.published_gap import published_gap
from metascore.report.figures.ranking import ranking
from metascore.report.figures.updates import updates
from metascore.scoring import tables

FAMILIES = ["metric"] * 4 + ["model"] * 3 + ["optimisation"] * 7 + ["baseline", "control"]
LEARNERS = [f"learner_name_{k}" for k in range(16)]
TITLES = {
    "omniglot_5w1s": "Synthetic glyphs, 5-way 1-shot",
    "omniglot_20w1s": "20-way",
    "sine_5s": "Sine, 5-shot",
}
PRINTED = pd.DataFrame(
    [("sine_5s", LEARNERS[0], 6, 0.8), ("sine_5s", "of no run", 3, 0.7), ("omniglot_5w1s", LEARNERS[0], pd.NA, 0.9)],
    columns=["task", "learner", "steps", "score"],
)
YARDSTICKS = pd.DataFrame(
    [("omniglot_20w1s", "people", 0.955), ("omniglot_20w1s", "a program", 0.967)], columns=["task", "name", "score"]
)
KNOWN = Known(PRINTED, YARDSTICKS)
NUMBER = r"(\d+\.\d+)"


@pytest.fixture
def table():
    """Nearly equal learners, so that labels want the same place; the last one is at chance."""
    level = np.r_[np.linspace(96, 97, 15), 0.1]
    ends = {"metascore": level, "metascore_low": level - 0.4, "metascore_high": level + 0.4}
    frame = pd.DataFrame(
        {
            "learner": LEARNERS,
            "family": FAMILIES,
            "rank_low": np.arange(16) + 1,
            "rank_high": np.arange(16) + 1,
            "score": level / 100,
            **ends,
        }
    )
    frame = frame.assign(score_low=frame["score"] - 0.004, score_high=frame["score"] + 0.004, device="CPU")
    frame["seconds"] = np.r_[np.geomspace(10, 40, 14), 0, 0]
    measures = {task: "error" if task.startswith("sine") else "accuracy" for task in TITLES}
    return pd.concat([frame.assign(task=task, measure=measure) for task, measure in measures.items()])


def lines(table, x, y, points):
    """A curve a task and learner towards its score, in few points."""
    rows = []
    for row in table.itertuples():
        for k in range(1, points + 1):
            value = row.score * (1 - 0.5**k)
            ends = {y: value, f"{y}_low": 0.99 * value, f"{y}_high": min(1.01 * value, 1)}
            rows.append({"task": row.task, "learner": row.learner, **dict.fromkeys(x, 3.0 * k), **ends})
    return pd.DataFrame(rows)


def pair_table(table):
    """Every other pair is told apart."""
    rows = [
        {"task": task, "learner": a, "other": b, "probability": 0.6, "significant": k % 2 == 0}
        for task, group in table.groupby("task")
        for k, (a, b) in enumerate(itertools.permutations(group["learner"], 2))
    ]
    return pd.DataFrame(rows)


def drawn(kind, table):
    if kind == "ranking":
        return ranking(table, TITLES)
    if kind == "improvement":
        return improvement(pair_table(table), table, TITLES)
    if kind == "cost":
        return cost(table, TITLES)
    if kind == "published_gap":
        return published_gap(table.assign(published=0.99, published_reach=0.002), table, TITLES)
    if kind == "adaptation":
        return adaptation(lines(table, ["step"], "score", 10), table, TITLES, KNOWN)
    if kind == "updates":
        return updates(lines(table, ["step", "updates"], "score", 10), table, TITLES)
    return learning(lines(table, ["iteration", "seconds"], "validation", 5), table, TITLES)


def seen(axis):
    """The labels of an axis, without those of ticks beyond its ends, which are not drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


def texts(figure):
    """Bounding boxes of all texts that are seen, without slanted ones, whose boxes are mostly empty."""
    FigureCanvasAgg(figure).draw()
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        ticks = [*seen(axes.xaxis), *seen(axes.yaxis)]
        found += [*axes.texts, *ticks, axes.xaxis.label, axes.yaxis.label, axes._left_title]
    upright = [text for text in found if text.get_text() and text.get_visible() and text.get_rotation() % 90 == 0]
    return [(text.get_text(), Text.get_window_extent(text)) for text in upright]


def check_texts(figure):
    boxes = texts(figure)
    assert len(boxes) > 3 * 16
    touching = [(a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if one.overlaps(other)]
    assert not touching
    page = figure.bbox
    outside = [a for a, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > page.x1 or box.y1 > page.y1]
    assert not outside


def returns(table):
    """The same tasks with negative scores, the best possible one 0."""
    names = ["score", "score_low", "score_high"]
    return table.assign(measure="return", **{name: 100 * (table[name] - 1.01) for name in names})


def test_a_task_of_which_only_controls_have_a_curve_has_no_panel(table):
    """As one that trainings on another task serve."""
    curves = lines(table, ["iteration", "seconds"], "validation", 5)
    task = next(iter(TITLES))
    curves.loc[curves["task"] == task, ["iteration", "seconds"]] = 0.0
    assert len(learning(curves, table, TITLES).axes) == len(drawn("learning", table).axes) - 2


@pytest.mark.parametrize("change", [pytest.param(lambda table: table, marks=pytest.mark.slow), returns])
@pytest.mark.parametrize(
    "kind", ["ranking", "adaptation", "learning", "improvement", "published_gap", "cost", "updates"]
)
def test_texts_do_not_overlap_and_stay_on_the_page(kind, change, table):
    check_texts(drawn(kind, change(table)))


def test_a_long_name_with_its_rank_does_not_reach_the_panel_beside_it(table):
    """Where the neighbour in its row has its numbers."""
    check_texts(drawn("ranking", table.assign(rank_high=17).replace({LEARNERS[-2]: "reptile_transductive"})))


@pytest.mark.parametrize("kind", ["ranking", "published_gap", "cost"])
def test_a_single_episode_without_intervals_and_ranks_is_drawn(kind, table):
    ends = [f"{name}_{end}" for name in ("score", "metascore") for end in ("low", "high")]
    bare = table.assign(**dict.fromkeys(ends, np.nan), rank=pd.array([None] * len(table), dtype="Int64"))
    words = [text for text, _ in texts(drawn(kind, bare))]
    assert len(words) > 3 * 16 and not [text for text in words if "nan" in text or "NA" in text]


def test_what_a_paper_prints_of_a_learner_is_a_hollow_mark_at_its_step(table):
    marks = [line for axes in drawn("adaptation", table).axes for line in axes.lines if line.get_mfc() == "white"]
    assert [line.get_xydata().tolist() for line in marks] == [[[6.0, 0.8]]]


def test_people_are_a_line_that_has_their_name(table):
    panels = [axes for axes in drawn("adaptation", table).axes if axes.get_title(loc="left").startswith("20-way")]
    for axes in panels:
        heights = [
            line.get_ydata()[0] for line in axes.lines if line.get_linestyle() == ":" and line.get_marker() == "None"
        ]
        assert sorted(heights) == [95.5, 96.7] and {"people", "a program"} <= {text.get_text() for text in axes.texts}
    assert len(panels) > 2


@pytest.mark.parametrize("change, expected", [([9, 5, 2, 1], 3), ([9], 10)])
def test_adaptation_ends_where_all_curves_are_flat(change, expected, table):
    one = table[table["task"] == "sine_5s"]
    scores = {step: change[min(step, len(change) - 1)] for step in range(11)}
    rows = [
        {"task": "sine_5s", "learner": name, "step": step, "score": score, "score_low": score, "score_high": score + 1}
        for name in one["learner"]
        for step, score in scores.items()
    ]
    figure = adaptation(pd.DataFrame(rows), one, {"sine_5s": "Sine"}, Known(PRINTED.iloc[:0], YARDSTICKS.iloc[:0]))
    assert figure.axes[0].get_xticks().max() == expected


def test_paths_end_where_they_are_no_numbers_any_more():
    ways = np.linspace(0, 0.3, 2 * 4 * 3 * 101 * 2).reshape(2, 4, 3, 101, 2)
    ways[0, 1, 2, 7:] = np.nan
    course = Course(np.array([[0.3, 0.3], [-0.2, 0.1]]), ways)
    figure = paths({"one": course, "other": course}, {"one": "metric", "other": "model", "third": "model"}, "Title")
    assert len(figure.axes) == 2 * 4
    drawn = [line.get_xydata() for line in figure.axes[1].lines]
    assert len(drawn) == 2 * (2 * 3 + 1)
    np.testing.assert_array_equal(drawn[4], ways[0, 1, 2, :7])
    np.testing.assert_array_equal(drawn[5], ways[0, 1, 2, 6:7])


def test_returns_are_spaced_by_their_distance_to_the_best(table):
    axes = drawn("cost", returns(table)).axes[0]
    places = [axes.transData.transform((10.0, score))[1] for score in (-8.0, -4.0, -2.0)]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1])


def test_every_learner_is_named_in_the_figure_of_costs(table):
    names = [text.get_text() for axes in cost(table, TITLES).axes for text in axes.texts]
    assert sorted(name for name in names if name in LEARNERS) == sorted(3 * LEARNERS)


def test_pareto_front_by_hand():
    seconds, score = np.array([1.0, 2.0, 2.0, 3.0, 3.0]), np.array([0.5, 0.4, 0.6, 0.6, 0.9])
    assert pareto(seconds, score, higher_is_better=True).tolist() == [True, False, True, False, True]
    assert pareto(seconds, score, higher_is_better=False).tolist() == [True, True, False, False, False]


def test_pairs_that_are_told_apart_have_a_frame(table):
    one = table[table["task"] == "sine_5s"]
    figure = improvement(pair_table(one), one, {"sine_5s": "Sine"})
    assert len(figure.axes[0].lines) == len(list(itertools.permutations(LEARNERS, 2))) / 2


def test_tasks_without_compared_pairs_have_no_panel(table):
    pairs = pair_table(table)
    some = improvement(pairs[pairs["task"] == "sine_5s"], table, TITLES)
    assert [axes.get_title(loc="left") for axes in some.axes] == ["Sine, 5-shot"]
    assert "No task" in improvement(pairs.iloc[:0], table, TITLES).axes[0].texts[0].get_text()


def test_nothing_published_is_said_so(table):
    figure = published_gap(table.iloc[:0], table, TITLES)
    assert "No paper" in figure.axes[0].texts[0].get_text()


def test_an_interval_that_leaves_the_panel_has_an_arrow(table):
    table.loc[table["learner"] == LEARNERS[0], "metascore_high"] = 100.0
    arrows = [line for axes in ranking(table, TITLES).axes for line in axes.lines if line.get_marker() == ">"]
    assert len(arrows) == 3


def test_the_gallery_marks_each_mistake_that_it_shows():
    answer = np.repeat([0, 1, 2], 5)
    wrong = answer.copy()
    wrong[[0, 5]] = 2  # the first query of two classes: they are shown
    images = np.random.default_rng(0).random((15, 28, 28))
    example = Example(images[:3], images, answer, {"good": answer, "bad": wrong})
    axes = gallery([example], {"good": "metric", "bad": "model"}, "Title").axes[0]
    crosses = [line for line in axes.lines if line.get_marker() == "X"]
    assert len(crosses) == 2 and {to_hex(line.get_color()) for line in crosses} == {WRONG_COLOUR}
    assert {"15 of 15 right", "13 of 15 right"} <= {text.get_text() for text in axes.texts}


@pytest.mark.parametrize("way, each", [(5, 5), (3, 5), (20, 1), (20, 5)])
def test_the_gallery_shows_as_many_queries_of_each_class_as_fit(way, each):
    answer = np.tile(np.arange(way), each)
    shown = answer[shown_queries(answer)]
    counts = np.bincount(shown, minlength=way)
    assert len(shown) == min(COLUMNS, way * each)
    assert (np.diff(shown) >= 0).all()
    assert counts.max() - counts.min() <= 1


def test_styles_tell_learners_apart_and_do_not_depend_on_their_order():
    families = dict(zip(LEARNERS, FAMILIES, strict=True))
    styles = style.styles(families)
    assert len(set(styles.values())) == 16
    assert style.styles(dict(reversed(families.items()))) == styles


def test_256_colours_look_like_all_of_them(table):
    figure, full = drawn("ranking", table), io.BytesIO()
    figure.savefig(full, format="png", bbox_inches="tight")
    few = Image.open(io.BytesIO(style.rendered(figure, "png")))
    change = np.abs(np.asarray(few.convert("RGB"), int) - np.asarray(Image.open(full).convert("RGB"), int))
    assert few.mode == "P" and change.max() < 32 and change.mean() < 0.5


def said(svg: bytes) -> str:
    """Each element with its attributes; a letter's place in its word as `x`, however it is written."""
    elements = [(one.tag, dict(one.attrib), (one.text or "").strip()) for one in ElementTree.fromstring(svg).iter()]  # noqa: S314
    for tag, attributes, _ in elements:
        along = re.fullmatch(r"translate\((\S+) 0\)", attributes.get("transform", ""))
        if tag.endswith("}use") and along:
            del attributes["transform"]
            attributes["x"] = along[1]
    return "\n".join(map(str, elements))


def test_an_svg_is_concise_and_says_the_same_with_lengths_of_two_digits(table):
    figure, full = drawn("ranking", table), io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "metascore", "svg.fonttype": "path"}):
        figure.savefig(full, format="svg", metadata={"Date": None}, bbox_inches="tight")
    concise = style.rendered(figure, "svg")
    assert b"\n " not in concise and concise.count(b"translate(") < full.getvalue().count(b"translate(") / 2
    written, kept = (re.split(NUMBER, said(svg)) for svg in (full.getvalue(), concise))
    assert written[::2] == kept[::2]
    lengths, few = (np.array(numbers[1::2], float) for numbers in (written, kept))
    assert np.abs(lengths - few).max() < 0.0051 and (few[lengths < 1] == lengths[lengths < 1]).all()
    assert max(len(number.partition(".")[2]) for number in kept[1::2] if float(number) >= 1) == 2


def test_spread_keeps_distances_and_moves_as_little_as_possible():
    np.testing.assert_allclose(style.spread(np.array([0.5, 0.5]), 0.1), [0.45, 0.55])
    np.testing.assert_allclose(style.spread(np.array([0.9, 0.2]), 0.1), [0.9, 0.2])
    np.testing.assert_allclose(style.spread(np.array([1.0, 1.0]), 0.1), [0.9, 1.0])


@pytest.mark.parametrize("learners, tasks, keys", [(10, 3, 60), (16, 3, 48), (16, 4, 16)])
def test_metrics_shrink_to_what_is_readable(learners, tasks, keys):
    rows = [
        {"task": f"t{t}", "learner": f"l{k}", "metascore": 90.1234567, "score": 0.9}
        for t in range(tasks)
        for k in range(learners)
    ]
    overall = pd.DataFrame({"problem": "p", "learner": [f"l{k}" for k in range(learners)], "metascore": 90.1234567})
    metrics = tables.metrics(pd.DataFrame(rows), overall)
    assert len(metrics) == keys
    assert set(metrics.values()) <= {90.123457, 0.9}
