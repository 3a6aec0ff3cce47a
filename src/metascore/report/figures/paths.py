"""Figure `paths`: where policies go before adaptation, and after each of its first steps."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT

PLACE = 4
CAPTION = (
    "Trajectories of each learner's policy to the first test goals (crosses, a colour a goal), before adaptation and "
    "after 1, 2 and 3 steps of it; all start at the origin, and a dot is where one ends."
)

COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"]  # told apart by colour-blind readers too
EACH = 2  # learners of a family
WIDTH = 10.0  # inches
HEAD, LEFT, FOOT = 0.85, 1.0, 0.45
REACH = 0.75  # goals lie within 0.5 of the origin; what leaves the panel went astray
NAMES = ["before adaptation", "after 1 step", "after {} steps"]


def draw(numbers: Numbers, task: str) -> Figure | None:
    """The policies of the best learners of each family; None where the task has no trajectories."""
    known = numbers.first_figure_data(task, numbers.best_of_families(task, EACH), "paths")
    if not known:
        return None
    goals, paths = numbers.shown[task]["goals"], {learner: one["paths"] for learner, one in known.items()}
    title = f"{numbers.titles[task]}: the paths of policies to the first test goals, before and after adaptation"
    drawn, steps = numbers.styles(), next(iter(paths.values())).shape[1]
    side = (WIDTH - LEFT) / steps
    height = HEAD + side * len(paths) + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=100)
    figure.text(0.1 / WIDTH, 1 - 0.1 / height, title, va="top", fontsize=FONT + 2)
    _key(figure, height)
    grid = figure.subplots(
        len(paths), steps, sharex=True, sharey=True, squeeze=False,
        gridspec_kw={
            "left": LEFT / WIDTH, "right": 0.99, "top": 1 - HEAD / height, "bottom": FOOT / height,
            "wspace": 0.06, "hspace": 0.06,
        },
    )  # fmt: skip
    for row, (learner, taken) in zip(grid, paths.items(), strict=True):
        for step, axes in enumerate(row):
            _panel(axes, goals, taken[:, step])
        row[0].set_ylabel(learner, rotation=0, ha="right", va="center", fontsize=FONT + 2, color=drawn[learner].colour)
    for step, axes in enumerate(grid[0]):
        axes.set_title(NAMES[min(step, 2)].format(step), fontsize=FONT + 1)
    return figure


def _panel(axes: Axes, goals: Float[np.ndarray, "goal 2"], taken: Float[np.ndarray, "goal trajectory time 2"]) -> None:
    for number, (goal, ways) in enumerate(zip(goals, taken, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        for way in ways:
            known = way[np.isfinite(way).all(-1)]
            axes.plot(*known.T, color=colour, lw=0.8, alpha=0.7, zorder=2)
            axes.plot(*known[-1], ".", color=colour, ms=4, zorder=3)
        axes.plot(*goal, "X", color=colour, mec="black", mew=0.6, ms=8, zorder=4)
    axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xticks=(-0.5, 0, 0.5), yticks=(-0.5, 0, 0.5))
    axes.tick_params(labelsize=FONT)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2)


def _key(figure: Figure, height: float) -> None:
    marks = [
        Line2D([], [], color="0.4", marker="X", mec="black", ms=8, ls="", label="goal (hidden from the policy)"),
        Line2D([], [], color="0.4", marker=".", lw=0.8, label="a trajectory of at most 100 steps, and its end"),
    ]
    where = (0.0, 1 - 0.27 / height)
    figure.legend(
        handles=marks, ncols=len(marks), loc="upper left", bbox_to_anchor=where, frameon=False, fontsize=FONT + 1
    )
