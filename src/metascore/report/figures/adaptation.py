"""Figure `adaptation`: the test score of learners that adapt by steps, after each step."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, score_levels
from metascore.report.style import Style, curve, family_key, label_ends, panel
from metascore.scoring import published

PLACE = 2
CAPTION = (
    "Adaptation curves: the query score on unseen test episodes after each adaptation step, with 95 % intervals, of "
    "the learners that adapt by steps. Hollow marks are numbers from papers; dotted lines are people and programs."
)
ENDS = ["score_low", "score", "score_high"]
YARDSTICK = Style("#555555", ":", "")


def draw(numbers: Numbers, task: str) -> Figure | None:
    """A curve a learner; None where no learner of the task adapts by steps."""
    lines, scale = _until_flat(numbers.descents(task)), numbers.scale(task)
    if lines.empty:
        return None
    printed, yardsticks = (rows[rows["task"] == task] for rows in (published.load(), published.yardsticks()))
    printed = printed[printed["learner"].isin(lines["learner"]) & printed["steps"].notna()]
    drawn, factor, last = numbers.styles(), scale.factor, int(lines["step"].max())
    figure, axes = panel(numbers.titles[task], height=3.4, left=0.55, right=1.45)
    others = pd.concat([printed["score"], yardsticks["score"]])
    score_levels(axes, pd.concat([lines[ENDS], pd.DataFrame(dict.fromkeys(ENDS, others))]), scale, "test")
    for learner, line in lines.groupby("learner", sort=False):
        curve(axes, line, "step", "score", drawn[str(learner)], factor)
    for learner, theirs in printed.groupby("learner"):
        _hollow(axes, theirs, drawn[str(learner)], factor)
    for score in yardsticks["score"]:
        axes.axhline(factor * score, ls=YARDSTICK.line, color=YARDSTICK.colour, lw=1, zorder=1)
    axes.set_xticks(range(0, last + 1, 1 + last // 6))
    axes.set_xlim(-0.02 * last, 1.02 * last)
    axes.set_xlabel("adaptation steps", fontsize=FONT)
    named = pd.DataFrame({"learner": yardsticks["name"], "step": last, "score": yardsticks["score"]})
    styles = drawn | dict.fromkeys(named["learner"], YARDSTICK)
    label_ends(axes, pd.concat([lines, named]), "step", "score", styles, factor)
    family_key(figure, list(lines["family"]))
    return figure


def _until_flat(lines: pd.DataFrame) -> pd.DataFrame:
    """Without the last steps, which change no learner's score."""
    changes = lines.groupby("learner")["score"].diff().fillna(0) != 0
    return lines[lines["step"] <= lines.loc[changes, "step"].max()] if changes.any() else lines


def _hollow(axes: Axes, printed: pd.DataFrame, style: Style, factor: float) -> None:
    """The scores that papers print of one learner."""
    steps, scores = printed["steps"].astype(int), factor * printed["score"]
    axes.plot(steps, scores, ls="", marker=style.mark, color=style.colour, mfc="white", ms=6, mew=1.2, zorder=3)
