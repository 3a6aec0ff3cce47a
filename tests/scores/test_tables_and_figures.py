"""Metrics stay small; figures stay readable with 16 learners: no texts overlap, none leaves the page."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from metascore import drawing, figures, tables

FAMILIES = ["metric"] * 4 + ["model"] * 3 + ["optimisation"] * 7 + ["baseline", "control"]
LEARNERS = [f"learner_name_{k}" for k in range(16)]
TITLES = {
    "omniglot_5w1s": "Synthetic glyphs, 5-way 1-shot",
    "omniglot_20w1s": "20-way",
    "sine_5s": "Sine, 5-shot",
}


@pytest.fixture
def table():
    """Nearly equal learners, so that labels want the same place; the last one is at chance."""
    level = np.r_[np.linspace(96, 97, 15), 0.1]
    ends = {"metascore": level, "metascore_low": level - 0.4, "metascore_high": level + 0.4}
    frame = pd.DataFrame(
        {"learner": LEARNERS, "family": FAMILIES, "rank": np.arange(16) + 1, "score": level / 100, **ends}
    )
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


def drawn(kind, table):
    if kind == "ranking":
        return figures.ranking(table, TITLES)
    if kind == "adaptation":
        return figures.adaptation(lines(table, ["step"], "score", 10), table, TITLES)
    return figures.learning(lines(table, ["iteration", "seconds"], "validation", 5), table, TITLES)


def seen(axis):
    """The labels of an axis, without those of ticks beyond its ends, which are not drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


def texts(figure):
    """Bounding boxes of all texts that are seen."""
    FigureCanvasAgg(figure).draw()
    found = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        ticks = [*seen(axes.xaxis), *seen(axes.yaxis)]
        found += [*axes.texts, *ticks, axes.xaxis.label, axes.yaxis.label, axes._left_title]
    return [(text.get_text(), text.get_window_extent()) for text in found if text.get_text() and text.get_visible()]


@pytest.mark.parametrize("kind", ["ranking", "adaptation", "learning"])
def test_texts_do_not_overlap_and_stay_on_the_page(kind, table):
    figure = drawn(kind, table)
    boxes = texts(figure)
    assert len(boxes) > 3 * 16
    touching = [(a, b) for (a, one), (b, other) in itertools.combinations(boxes, 2) if one.overlaps(other)]
    assert not touching
    page = figure.bbox
    outside = [a for a, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > page.x1 or box.y1 > page.y1]
    assert not outside


def test_styles_tell_learners_apart_and_do_not_depend_on_their_order():
    families = dict(zip(LEARNERS, FAMILIES, strict=True))
    styles = drawing.styles(families)
    assert len(set(styles.values())) == 16
    assert drawing.styles(dict(reversed(families.items()))) == styles


def test_spread_keeps_distances_and_moves_as_little_as_possible():
    np.testing.assert_allclose(drawing.spread(np.array([0.5, 0.5]), 0.1), [0.45, 0.55])
    np.testing.assert_allclose(drawing.spread(np.array([0.9, 0.2]), 0.1), [0.9, 0.2])
    np.testing.assert_allclose(drawing.spread(np.array([1.0, 1.0]), 0.1), [0.9, 1.0])


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
