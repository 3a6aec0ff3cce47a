"""Figure `published_gap`: scores measured here beside those of the papers."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, axis_name, score_axis
from metascore.report.style import Style, interval, name_rows, panel

PLACE = 6
CAPTION = "Scores measured here (filled, with 95 % intervals) and those that the papers print (rings)."
POINTS = ["score", "published"]
ENDS = [*POINTS, "score_low", "score_high"]


def draw(numbers: Numbers, task: str) -> Figure | None:
    """A row a learner, our best on top; None where no paper has a number of the task."""
    rows = numbers.published_of(task)
    if rows.empty:
        return None
    scale, drawn = numbers.scale(task), numbers.styles()
    figure, axes = panel(numbers.titles[task], 0.3 + 0.2 * len(rows), left=1.4, right=0.3)
    points, ends = (scale.factor * rows[names].to_numpy() for names in (POINTS, ENDS))
    score_axis(axes, "x", ends, points, scale)
    axes.set_xlabel(axis_name(f"test {scale.axis}", scale), fontsize=FONT)
    name_rows(axes, dict(zip(rows["learner"], rows["learner"], strict=True)), drawn)
    for height, row in zip(range(len(rows) - 1, -1, -1), rows.to_dict("records"), strict=True):
        _row(axes, height, row, drawn[row["learner"]], scale.factor)
    keys = [
        Line2D([], [], color="0.35", marker="o", ls="", label="measured here"),
        Line2D([], [], color="black", marker="o", mfc="none", ls="", label="published"),
    ]
    figure.legend(handles=keys, ncols=2, loc="upper left", frameon=False, fontsize=FONT, borderaxespad=0.1)
    return figure


def _row(axes: Axes, height: float, row: dict, style: Style, factor: float) -> None:
    """Both points with their intervals, and a thin line over the gap between them."""
    ours, theirs, reach = (factor * row[name] for name in ("score", "published", "published_reach"))
    axes.plot([ours, theirs], [height] * 2, color="0.7", lw=0.8, zorder=1)
    interval(axes, factor * row["score_low"], ours, factor * row["score_high"], height, style)
    if np.isfinite(reach):
        axes.plot([theirs - reach, theirs + reach], [height] * 2, color="black", lw=1)
    axes.plot(theirs, height, "o", mec="black", mfc="white", ms=5, zorder=3)
