"""Figure `updates`: the adaptation curves of learners that descend, by what all have in common."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metascore import problems
from metascore.problems.scale import Scale
from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, logarithmic, score_levels
from metascore.report.style import Style, curve, family_key, label_ends, note, panels, styles

PLACE = 9
CAPTION = "Adaptation curves by gradient updates, of which a learner's step has one or more, with 95 % intervals."
BEFORE = 0.5  # where the score before the first update is drawn: a logarithmic axis has no 0


def draw(numbers: Numbers) -> Figure:
    """The figure."""
    return updates(numbers.curves, numbers.scores, numbers.titles)


def updates(curves: pd.DataFrame, table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Test score after each number of gradient updates, a panel a task, with 95 % intervals as bands."""
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    lines = curves.drop_duplicates(["task", "learner", "updates"])
    lines = lines[lines.groupby(["task", "learner"])["updates"].transform("max") > 0]
    shown = {task: title for task, title in titles.items() if (lines["task"] == task).any()}
    if not shown:
        return note("Adaptation by updates", "No learner of this budget descends.")
    figure, places = panels(shown, height=3.2, left=0.65, right=1.35, columns=1 if len(shown) == 1 else 2)
    for task in shown:
        scale = problems.scale(table.loc[table["task"] == task, "measure"].iloc[0])
        _panel(places[task], lines[lines["task"] == task], drawn, scale)
    family_key(figure, list(table.loc[table["learner"].isin(lines["learner"]), "family"]))
    return figure


def _panel(axes: Axes, lines: pd.DataFrame, drawn: dict[str, Style], scale: Scale) -> None:
    lines = lines.assign(updates=lines["updates"].clip(lower=BEFORE))
    score_levels(axes, lines[["score_low", "score", "score_high"]], scale, "test")
    for learner, line in lines.groupby("learner", sort=False):
        curve(axes, line, "updates", "score", drawn[str(learner)], scale.factor)
    logarithmic(axes, "x", BEFORE, lines["updates"].max() * 1.1)
    axes.xaxis.set_major_formatter(lambda updates, _: "0" if updates == BEFORE else f"{updates:g}")
    axes.set_xlabel("gradient updates", fontsize=FONT)
    label_ends(axes, lines, "updates", "score", drawn, scale.factor)
