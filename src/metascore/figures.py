"""Figures: they get numbers and return a Figure; nothing is computed but where things go on the page."""

from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from metascore.drawing import (
    FONT,
    Style,
    curve,
    distance_to_perfect,
    family_key,
    label_ends,
    panels,
    score_axis,
    styles,
)


def ranking(table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """MetaScores with their intervals, a panel a task, the best on top, each with its rank."""
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    longest = int(table.groupby("task").size().max())
    figure, places = panels(titles, height=0.3 + 0.2 * longest, left=1.5, right=1.05)
    for axes, (task, rows) in zip(places, table.groupby("task", sort=False), strict=True):
        _ranking_panel(axes, rows, drawn)
        axes.set_title(titles[str(task)], loc="left", fontsize=FONT + 2)
    family_key(figure, list(table["family"]))
    return figure


def _ranking_panel(axes: Axes, rows: pd.DataFrame, drawn: dict[str, Style]) -> None:
    heights = np.arange(len(rows))[::-1]
    records = rows.to_dict("records")
    for height, row in zip(heights, records, strict=True):
        style = drawn[row["learner"]]
        low, point, high = row["metascore_low"], row["metascore"], row["metascore_high"]
        axes.plot([low, high], [height] * 2, color=style.colour, lw=2.5, alpha=0.6)
        axes.plot(point, height, style.marker, color=style.colour, ms=5)
        text = f"{point:z.1f}  [{low:z.1f}, {high:z.1f}]"
        axes.annotate(text, (1.02, height), xycoords=("axes fraction", "data"), va="center", fontsize=FONT)
    axes.set_yticks(heights, [f"{row['learner']}   {row['rank']}" for row in records])
    for label, learner in zip(axes.get_yticklabels(), rows["learner"], strict=True):
        label.set_color(drawn[learner].colour)
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.annotate("rank", (-0.03, 1.01), xycoords="axes fraction", ha="right", fontsize=FONT, color="0.4")
    axes.grid(axis="x", alpha=0.25)
    axes.tick_params(axis="y", length=0)
    lowest = rows["metascore_low"].min()
    distance_to_perfect(axes.set_xscale, axes.set_xlim, axes.set_xticks, lowest, rows["metascore_high"].max())
    axes.set_xlabel("MetaScore and 95 % interval (0 = chance, 100 = perfect)", fontsize=FONT)


def adaptation(curves: pd.DataFrame, table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Test score after each adaptation step, with 95 % bands, a panel a task."""
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    figure, places = panels(titles, height=3.4, left=0.65, right=1.35)
    for axes, (task, lines) in zip(places, curves.groupby("task", sort=False), strict=True):
        is_accuracy = table.loc[table["task"] == task, "measure"].iloc[0] == "accuracy"
        score_axis(axes, lines[["score_low", "score", "score_high"]], is_accuracy, "test")
        for learner, line in lines.groupby("learner", sort=False):
            curve(axes, line, "step", "score", drawn[str(learner)], 100.0 if is_accuracy else 1.0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("adaptation steps", fontsize=FONT)
        axes.set_title(titles[str(task)], loc="left", fontsize=FONT + 2)
        axes.margins(x=0.01)
        label_ends(axes, lines, "step", "score", drawn, 100.0 if is_accuracy else 1.0)
    family_key(figure, list(table["family"]))
    return figure


def learning(histories: pd.DataFrame, table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Validation score during meta-training, by iterations and by seconds, a row a task; bands span seeds."""
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    shown = {task: title for task, title in titles.items() if (histories["task"] == task).any()}
    twice = {f"{task} {x}": title for task, title in shown.items() for x in ("iteration", "seconds")}
    figure, places = panels(twice, height=3.0, left=0.65, right=1.35)
    for k, (task, lines) in enumerate(histories.groupby("task", sort=False)):
        is_accuracy = table.loc[table["task"] == task, "measure"].iloc[0] == "accuracy"
        for axes, x in zip(places[2 * k :], ("iteration", "seconds"), strict=False):
            _learning_panel(axes, lines, x, drawn, is_accuracy)
            axes.set_title(titles[str(task)], loc="left", fontsize=FONT + 2)
    family_key(figure, list(table["family"]))
    return figure


def _learning_panel(axes: Axes, lines: pd.DataFrame, x: str, drawn: dict[str, Style], is_accuracy: bool) -> None:
    factor = 100.0 if is_accuracy else 1.0
    score_axis(axes, lines[["validation_low", "validation", "validation_high"]], is_accuracy, "validation")
    for learner, line in lines.groupby("learner", sort=False):
        curve(axes, line, x, "validation", drawn[str(learner)], factor)
    axes.set_xscale("log")
    axes.set_xlabel({"iteration": "iterations", "seconds": "seconds of training (mean over seeds)"}[x], fontsize=FONT)
    label_ends(axes, lines, x, "validation", drawn, factor)


def save(figure: Figure, path: Path) -> None:
    """Write SVG or PNG, whichever the name says; the same figure gives the same bytes."""
    with matplotlib.rc_context({"svg.hashsalt": "metascore", "svg.fonttype": "path"}):
        metadata = {"Date": None} if path.suffix == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, bbox_inches="tight")  # labels beside the panels are of any length
