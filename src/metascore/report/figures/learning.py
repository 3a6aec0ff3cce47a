"""Figure `learning`: the validation score during meta-training."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metascore import problems
from metascore.problems.scale import Scale
from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, logarithmic, score_levels
from metascore.report.style import Style, curve, family_key, label_ends, note, panels, styles

PLACE = 8
CAPTION = (
    "Learning curves: the score on the frozen validation episodes during meta-training, with the range over seeds."
)

LABELS = {"iteration": "iterations", "seconds": "seconds of training (mean over seeds)"}


def draw(numbers: Numbers) -> Figure:
    """The figure."""
    return learning(numbers.histories, numbers.scores, numbers.titles)


def learning(histories: pd.DataFrame, table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Validation score during meta-training, by iterations and by seconds, a row a task; bands span seeds."""
    drawn = styles(dict(zip(table["learner"], table["family"], strict=True)))
    trained = set(histories.loc[histories["iteration"] > 0, "task"])  # others have nobody, or controls alone
    shown = [task for task in titles if task in trained]
    if not shown:
        return note("Learning curves", "No learner of this budget is trained.")
    figure, places = panels({f"{t}/{x}": titles[t] for t in shown for x in LABELS}, height=3.0, left=0.65, right=1.35)
    for task in shown:
        scale = problems.scale(table.loc[table["task"] == task, "measure"].iloc[0])
        for x in LABELS:
            _panel(places[f"{task}/{x}"], histories[histories["task"] == task], x, drawn, scale)
    family_key(figure, list(table["family"]))
    return figure


def _panel(axes: Axes, lines: pd.DataFrame, x: str, drawn: dict[str, Style], scale: Scale) -> None:
    factor = scale.factor
    score_levels(axes, lines[["validation_low", "validation", "validation_high"]], scale, "validation")
    for learner, line in lines.groupby("learner", sort=False):
        curve(axes, line, x, "validation", drawn[str(learner)], factor)
    reached = lines.loc[lines[x] > 0, x]
    logarithmic(axes, "x", reached.min() / 1.2, reached.max() * 1.2)
    axes.set_xlabel(LABELS[x], fontsize=FONT)
    label_ends(axes, lines, x, "validation", drawn, factor)
