"""Figure `improvement`: of each pair of learners, how often one is better than the other."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT
from metascore.report.style import Style, note, panels, styles

PLACE = 5
CAPTION = (
    "How often, in per cent of test episodes, the learner of a row has the higher MetaScore than that of a "
    "column; frames mark pairs that the tests of all pairs tell apart."
)

COLOURS = "PuOr"  # diverging, and told apart by colour-blind readers
ROW = 0.2  # inches
ENDS = (-50, 150)  # per cent at the ends of the colour map: what is drawn keeps to pale colours, under black text


def draw(numbers: Numbers) -> Figure:
    """The figure."""
    return improvement(numbers.pairs, numbers.scores, numbers.titles)


def improvement(pairs: pd.DataFrame, table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Per cent of episodes, with any seeds, on which a row's learner beats a column's, a panel a task, the best first.

    Bold cells with a frame are pairs that the tests of all pairs tell apart.
    """
    compared = {task: title for task, title in titles.items() if task in set(pairs["task"])}
    if not compared:
        return note("Pairs of learners", "No task of this budget has two learners that were compared.")
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    heights = {str(task): ROW * len(rows) for task, rows in table.groupby("task")}
    figure, places = panels(compared, heights, left=1.5, right=0.4, columns=1, below=2.1)
    for task, rows in pairs.groupby("task", sort=False):
        order = table.loc[table["task"] == task, "learner"].tolist()
        _panel(places[str(task)], rows, order, drawn)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, order: list[str], drawn: dict[str, Style]) -> None:
    matrix = 100 * rows.pivot(index="learner", columns="other", values="probability").loc[order, order]
    axes.imshow(matrix, cmap=COLOURS, vmin=ENDS[0], vmax=ENDS[1], aspect="auto")
    place = {learner: k for k, learner in enumerate(order)}
    for row in rows.to_dict("records"):
        _cell(axes, place[row["other"]], place[row["learner"]], 100 * row["probability"], row["significant"])
    axes.set_xticks(range(len(order)), order, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(order)), order)
    for label, learner in zip([*axes.get_xticklabels(), *axes.get_yticklabels()], [*order, *order], strict=True):
        label.set_color(drawn[learner].colour)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel(
        "Per cent of seeds and test episodes on which the row beats the column (ties count half). "
        "Bold in a frame: told apart by the paired test.",
        fontsize=FONT,
    )


def _cell(axes: Axes, x: int, y: int, percent: float, significant: bool) -> None:
    colour, weight = ("black", "bold") if significant else ("0.35", "normal")
    axes.text(x, y, f"{percent:.0f}", ha="center", va="center", color=colour, weight=weight, fontsize=FONT - 1)
    if significant:
        edges = np.array([-0.44, 0.44, 0.44, -0.44, -0.44])
        axes.plot(x + edges, y + np.roll(edges, 1), color=colour, lw=0.8)
