"""Figure `learning`: the validation score during meta-training."""

from matplotlib.figure import Figure

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, logarithmic, score_levels
from metascore.report.style import curve, family_key, label_ends, panel

PLACE = 8
CAPTION = "Learning curves: the score on validation episodes during meta-training, with the range over seeds."


def draw(numbers: Numbers, task: str) -> Figure | None:
    """A curve a learner; None where no learner is trained on the task."""
    lines = numbers.histories[numbers.histories["task"] == task]
    lines = lines[lines["iteration"] > 0]
    if lines.empty:
        return None
    scale, drawn = numbers.scale(task), numbers.styles()
    figure, axes = panel(numbers.titles[task], height=3.4, left=0.55, right=1.45)
    score_levels(axes, lines[["validation_low", "validation", "validation_high"]], scale, "validation")
    for learner, line in lines.groupby("learner", sort=False):
        curve(axes, line, "iteration", "validation", drawn[str(learner)], scale.factor)
    logarithmic(axes, "x", lines["iteration"].min() / 1.2, lines["iteration"].max() * 1.2)
    axes.set_xlabel("meta-training iterations, log scale", fontsize=FONT)
    label_ends(axes, lines, "iteration", "validation", drawn, scale.factor)
    rows = numbers.of(task)
    family_key(figure, list(rows.loc[rows["learner"].isin(lines["learner"]), "family"]))
    return figure
