"""Figure `cost`: what a learner's score costs in training, and which learners nobody undercuts."""

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox

from metascore import problems
from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, logarithmic, score_levels
from metascore.report.style import Style, family_key, panels, styles

PLACE = 7
CAPTION = (
    "Test score against seconds of training a run, with 95 % intervals; the dashed line joins the learners that no "
    "other beats in both."
)

UNTRAINED = 0.3  # of the shortest training: where learners without any are drawn
PLACES = [  # of a label about its point: offset in points, horizontal and vertical alignment
    (f * x, f * y, ha, va)
    for f in (1, 2, 3.5, 5, 7, 10, 14)
    for x, y, ha, va in [
        (6, 0, "left", "center"), (-6, 0, "right", "center"), (4, 4, "left", "bottom"), (4, -4, "left", "top"),
        (-4, 4, "right", "bottom"), (-4, -4, "right", "top"), (0, 7, "center", "bottom"), (0, -7, "center", "top"),
    ]
]  # fmt: skip


def draw(numbers: Numbers) -> Figure:
    """The figure."""
    return cost(numbers.scores, numbers.titles)


def cost(table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Test score against seconds of training, with intervals, a panel a task; a line joins the Pareto front."""
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    figure, places = panels(titles, height=3.6, left=0.65, right=0.5, columns=1 if len(titles) == 1 else 2)
    for task, rows in table.groupby("task", sort=False):
        _panel(places[str(task)], rows[np.isfinite(rows["score"])], drawn)
    family_key(figure, list(table["family"]))
    front = Line2D([], [], color="0.5", lw=1, ls="--", label="nothing else is both cheaper and better")
    figure.legend(handles=[front], loc="upper right", frameon=False, fontsize=FONT + 1, borderaxespad=0.2)
    FigureCanvasAgg(figure)  # texts have a size once there is something to draw them on
    for task, rows in table.groupby("task", sort=False):
        _label(places[str(task)], rows[np.isfinite(rows["score"])], drawn)
    return figure


def pareto(
    seconds: Float[np.ndarray, " learner"], score: Float[np.ndarray, " learner"], higher_is_better: bool
) -> Bool[np.ndarray, " learner"]:
    """Which learners have no other that is at least as cheap and as good, and in one of the two better."""
    gain = score if higher_is_better else -score
    better = (seconds[None] <= seconds[:, None]) & (gain[None] >= gain[:, None])
    strictly = (seconds[None] < seconds[:, None]) | (gain[None] > gain[:, None])
    return ~np.any(better & strictly, axis=1)


def _places(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Where points are drawn: seconds, with a place of their own for learners without training, and scores."""
    seconds = rows["seconds"].to_numpy(dtype=float)
    trained = seconds[seconds > 0]
    floor = UNTRAINED * trained.min() if len(trained) else 1.0
    factor = problems.scale(rows["measure"].iloc[0]).factor
    return np.where(seconds > 0, seconds, floor), factor * rows["score"].to_numpy(dtype=float)


def _panel(axes: Axes, rows: pd.DataFrame, drawn: dict[str, Style]) -> None:
    scale = problems.scale(rows["measure"].iloc[0])
    factor = scale.factor
    score_levels(axes, rows[["score_low", "score", "score_high"]], scale, "test")
    x, y = _places(rows)
    front = pareto(rows["seconds"].to_numpy(dtype=float), y, scale.higher_is_better)
    order = np.argsort(x[front], kind="stable")
    axes.plot(x[front][order], y[front][order], drawstyle="steps-post", color="0.5", lw=1, ls="--", zorder=1)
    for place, level, row in zip(x, y, rows.to_dict("records"), strict=True):
        style = drawn[row["learner"]]
        ends = [factor * row["score_low"], factor * row["score_high"]]
        axes.plot([place] * 2, ends, color=style.colour, lw=2, alpha=0.35)
        axes.plot(place, level, style.marker, color=style.colour, ms=5)
    logarithmic(axes, "x", x.min() / 1.6, x.max() * 1.8)
    if (rows["seconds"] == 0).any():
        ticks = [tick for tick in axes.get_xticks() if x.min() * 2 < tick < x.max() * 1.8]
        axes.set_xticks([x.min(), *ticks], ["none", *(f"{tick:g}" for tick in ticks)])
    device = rows["device"].iloc[0] if rows["device"].nunique() == 1 else "several devices: times do not compare"
    axes.set_xlabel(f"seconds of training a run ({device})", fontsize=FONT)


def _label(axes: Axes, rows: pd.DataFrame, drawn: dict[str, Style]) -> None:
    """Each name beside its point, in the first place that hides no point and no other name."""
    renderer = axes.figure.canvas.get_renderer()  # type: ignore[attr-defined]
    x, y = _places(rows)
    centres = axes.transData.transform(np.column_stack([x, y]))
    taken = [Bbox.from_extents(*(centre - 5), *(centre + 5)) for centre in centres]
    taken += [text.get_window_extent(renderer) for text in axes.texts]
    for name, place, level in zip(rows["learner"], x, y, strict=True):
        for offset in PLACES:
            text = _name(axes, name, (place, level), offset, drawn[name].colour)
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer)  # without the leader line, which an annotation's own includes
            across = axes.bbox.x0 <= box.x0 and box.x1 <= axes.figure.bbox.x1
            inside = across and axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1
            if inside and not any(box.overlaps(other) for other in taken):
                break
            text.remove()
        else:  # crowded beyond hope: better over something than missing
            _name(axes, name, (place, level), PLACES[0], drawn[name].colour)
        taken.append(box)


def _name(axes: Axes, name: str, point: tuple[float, float], place: tuple, colour: str) -> Annotation:
    right, up, ha, va = place
    return axes.annotate(
        name, point, (right, up), textcoords="offset points", ha=ha, va=va, fontsize=FONT, color=colour,
        bbox={"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 0.5},
        arrowprops={"arrowstyle": "-", "lw": 0.4, "color": colour},
    )  # fmt: skip
