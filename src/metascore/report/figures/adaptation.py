"""Figure `adaptation`: how each learner's test score moves with its steps of adaptation."""

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metascore import problems
from metascore.problems.scale import Scale
from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, score_levels
from metascore.report.style import Style, curve, label_ends, panels, styles
from metascore.scoring import published

PLACE = 2
CAPTION = (
    "Adaptation curves: the query score on unseen test episodes after each adaptation step, a panel a family; bars at "
    "the right are 95 % intervals at the last step; hollow marks are published numbers, dotted lines those of "
    "people and of programs that are no learners here."
)

GROUPS = {  # families drawn in one panel
    "metric": "metric",
    "model": "model",
    "optimisation": "optimisation",
    "baseline": "baselines and controls",
    "control": "baselines and controls",
}
ENDS = ["score_low", "score", "score_high"]
BAR = 0.03  # of the axis, between the intervals beside the last step
YARDSTICK = Style("#333333", ":", "")


class Known(NamedTuple):
    """What is known of a task from elsewhere: published.csv's numbers after some steps, and yardsticks.csv's."""

    printed: pd.DataFrame
    yardsticks: pd.DataFrame


def draw(numbers: Numbers) -> Figure:
    """The figure."""
    known = Known(published.load(), published.yardsticks())
    return adaptation(numbers.curves, numbers.scores, numbers.titles, known)


def adaptation(curves: pd.DataFrame, table: pd.DataFrame, titles: dict[str, str], known: Known) -> Figure:
    """Test score after each adaptation step, a panel a task and family, the other families in grey behind.

    A faint band is the 95 % interval at each step; the bars on the right are that of the last step, side by side. A
    learner that adapts in one pass has the same interval at every step, and no band. Hollow marks are what papers
    print, where they say after how many steps; dotted lines are the yardsticks.
    """
    families = dict(zip(table["learner"], table["family"], strict=True))
    drawn = styles(families)
    own = curves["learner"].map(families)
    lines = curves.assign(group=own.map(GROUPS).fillna(own))
    shown = lines[["task", "group"]].drop_duplicates().sort_values("group", key=lambda group: group.map(_place))
    pairs = [(task, group) for task in titles for group in shown.loc[shown["task"] == task, "group"]]
    figure, places = panels({f"{t}/{g}": f"{titles[t]}: {g}" for t, g in pairs}, height=2.5, left=0.65, right=1.35)
    for task, group in pairs:
        scale = problems.scale(table.loc[table["task"] == task, "measure"].iloc[0])
        theirs = _of_task(known, task)
        _panel(places[f"{task}/{group}"], _until_flat(lines[lines["task"] == task]), group, drawn, scale, theirs)
    return figure


def _until_flat(lines: pd.DataFrame) -> pd.DataFrame:
    """Without the steps at the end that change no learner's score."""
    changes = lines.groupby("learner")["score"].diff().fillna(0) != 0
    return lines[lines["step"] <= lines.loc[changes, "step"].max()] if changes.any() else lines


def _of_task(known: Known, task: str) -> Known:
    printed, yardsticks = (rows[rows["task"] == task] for rows in known)
    return Known(printed[printed["steps"].notna()], yardsticks)


def _place(group: str) -> int:
    """Families in the order of GROUPS, then those that it does not know."""
    order = list(dict.fromkeys(GROUPS.values()))
    return order.index(group) if group in order else len(order)


def _panel(axes: Axes, lines: pd.DataFrame, group: str, drawn: dict[str, Style], scale: Scale, known: Known) -> None:
    factor, printed = scale.factor, known.printed[known.printed["learner"].isin(lines["learner"])]
    theirs = pd.concat([printed["score"], known.yardsticks["score"]])
    levels = pd.concat([lines[ENDS], pd.DataFrame(dict.fromkeys(ENDS, theirs))])
    score_levels(axes, levels, scale, "test")
    for _, line in lines[lines["group"] != group].groupby("learner"):
        axes.plot(line["step"], factor * line["score"], color="0.85", lw=0.8, zorder=1)
    own, last = lines[lines["group"] == group], int(lines["step"].max())
    order = own[own["step"] == own["step"].max()].sort_values("score", ascending=not scale.higher_is_better)["learner"]
    for k, learner in enumerate(order):
        line = own[own["learner"] == learner]
        curve(axes, line, "step", "score", drawn[learner], factor, band=line["score"].nunique() > 1)
        _interval(axes, line.iloc[-1], drawn[learner], factor, (k + 1) * BAR * last)
    for learner, theirs in printed[printed["learner"].isin(order)].groupby("learner"):
        _hollow(axes, theirs, drawn[str(learner)], factor)
    axes.set_xticks(range(0, last + 1, 1 + last // 6))
    axes.set_xlim(-0.02 * last, last + (len(order) + 1) * BAR * last)
    axes.set_xlabel("adaptation steps", fontsize=FONT)
    beside = _yardsticks(axes, known.yardsticks, last, factor)
    styles_of_all = drawn | dict.fromkeys(beside["learner"], YARDSTICK)
    label_ends(axes, pd.concat([own, beside]), "step", "score", styles_of_all, factor)


def _yardsticks(axes: Axes, known: pd.DataFrame, last: int, factor: float) -> pd.DataFrame:
    """A line each, whatever the steps; returns their right ends, which want names."""
    for score in known["score"]:
        axes.axhline(factor * score, ls=YARDSTICK.line, color=YARDSTICK.colour, lw=1, zorder=1)
    return pd.DataFrame({"learner": known["name"], "step": last, "score": known["score"]})


def _hollow(axes: Axes, printed: pd.DataFrame, style: Style, factor: float) -> None:
    """What a paper prints of one learner."""
    steps, scores = printed["steps"].astype(int), factor * printed["score"]
    axes.plot(steps, scores, style.marker, color=style.colour, mfc="white", ms=6, mew=1.2, zorder=3)


def _interval(axes: Axes, end: pd.Series, style: Style, factor: float, beside: float) -> None:
    """The interval at the last step, as a bar of its own."""
    place = end["step"] + beside
    axes.plot([place] * 2, [factor * end["score_low"], factor * end["score_high"]], color=style.colour, lw=1.5)
    axes.plot(place, factor * end["score"], style.marker, color=style.colour, ms=3.5)
