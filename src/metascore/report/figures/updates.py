"""Figure `updates`: the adaptation curves against gradient updates, which learners have in common."""

from matplotlib.figure import Figure

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT, logarithmic, score_levels
from metascore.report.style import curve, family_key, label_ends, panel

PLACE = 9
CAPTION = "Adaptation curves against gradient updates, of which a learner's step has one or more; 95 % intervals."
BEFORE = 0.5  # where the score before the first update is drawn: a logarithmic axis has no 0


def draw(numbers: Numbers, task: str) -> Figure | None:
    """A curve a learner; None where no learner of the task adapts by gradient updates."""
    lines, scale, drawn = numbers.descents(task), numbers.scale(task), numbers.styles()
    if lines.empty:
        return None
    lines = lines.drop_duplicates(["learner", "updates"]).assign(updates=lambda rows: rows["updates"].clip(BEFORE))
    figure, axes = panel(numbers.titles[task], height=3.4, left=0.55, right=1.45)
    score_levels(axes, lines[["score_low", "score", "score_high"]], scale, "test")
    for learner, line in lines.groupby("learner", sort=False):
        curve(axes, line, "updates", "score", drawn[str(learner)], scale.factor)
    logarithmic(axes, "x", BEFORE, lines["updates"].max() * 1.1)
    axes.xaxis.set_major_formatter(lambda updates, _: "0" if updates == BEFORE else f"{updates:g}")
    axes.set_xlabel("gradient updates, log scale", fontsize=FONT)
    label_ends(axes, lines, "updates", "score", drawn, scale.factor)
    family_key(figure, list(lines["family"]))
    return figure
