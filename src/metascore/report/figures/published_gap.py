"""Figure `published_gap`: our scores beside the papers'."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metascore import problems
from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, score_axis
from metascore.report.style import Style, interval, name_rows, note, panels, styles

PLACE = 6
CAPTION = (
    "Scores measured here (filled, with 95 % intervals) beside those that the papers print (rings, with their "
    "intervals where they print one)."
)

POINTS = ["score", "published"]
ENDS = [*POINTS, "score_low", "score_high"]


def draw(numbers: Numbers) -> Figure:
    """The figure."""
    return published_gap(numbers.published, numbers.scores, numbers.titles)


def published_gap(compared: pd.DataFrame, table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Our score (in the family's colour) and the published one (a black ring), a panel a task, our best on top."""
    if compared.empty:
        return note("Published beside measured", "No paper's number is known for these tasks.")
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    shown = {task: title for task, title in titles.items() if (compared["task"] == task).any()}
    heights = {str(task): 0.3 + 0.2 * len(rows) for task, rows in compared.groupby("task")}
    figure, places = panels(shown, heights, left=1.5, right=0.7)
    for task, rows in compared.groupby("task", sort=False):
        _panel(places[str(task)], rows, drawn)
    keys = [
        Line2D([], [], color="0.35", marker="o", ls="", label="measured here"),
        Line2D([], [], color="black", marker="o", mfc="none", ls="", label="published"),
    ]
    figure.legend(handles=keys, ncols=2, loc="upper left", frameon=False, fontsize=FONT + 1, borderaxespad=0.2)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, drawn: dict[str, Style]) -> None:
    scale = problems.scale(rows["measure"].iloc[0])
    factor = scale.factor
    points, ends = (factor * rows[names].to_numpy() for names in (POINTS, ENDS))
    score_axis(axes, "x", ends, points, scale)
    axes.set_xlabel(f"test {scale.axis}, with 95 % intervals", fontsize=FONT)
    name_rows(axes, rows["learner"].tolist(), rows["learner"].tolist(), drawn)
    for height, row in zip(range(len(rows) - 1, -1, -1), rows.to_dict("records"), strict=True):
        _row(axes, height, row, drawn[row["learner"]], factor)


def _row(axes: Axes, height: float, row: dict, style: Style, factor: float) -> None:
    """Both points with their intervals, and a thin line over the gap between them."""
    ours, theirs, reach = (factor * row[name] for name in ("score", "published", "published_reach"))
    axes.plot([ours, theirs], [height] * 2, color="0.7", lw=0.8, zorder=1)
    interval(axes, factor * row["score_low"], ours, factor * row["score_high"], height, style)
    if np.isfinite(reach):
        axes.plot([theirs - reach, theirs + reach], [height] * 2, color="black", lw=1)
    axes.plot(theirs, height, "o", mec="black", mfc="white", ms=5, zorder=3)
