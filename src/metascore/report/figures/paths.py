"""Figure `paths`: the trajectories of policies before adaptation and after each of its first steps."""

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metascore.report.grid import LEFT, WIDTH, cells, grid
from metascore.report.numbers import Numbers

PLACE = 4
CAPTION = (
    "Trajectories of each learner's policy to the first test goals (crosses, a colour a goal), before adaptation and "
    "after 1, 2 and 3 steps of it; all start at the origin, and a dot marks the end of each."
)
COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"]  # distinct for colour-blind readers
EACH = 2  # learners of a family
REACH = 0.75  # goals are at most 0.5 from the origin along an axis; longer trajectories leave the panel
NAMES = ["before adaptation", "after 1 step", "after {} steps"]


def draw(numbers: Numbers, task: str) -> Figure | None:
    """A row a learner, a column a step; None where the task has no trajectories."""
    known = numbers.first_figure_data(task, numbers.best_of_families(task, EACH), "paths")
    if not known:
        return None
    paths = [one["paths"] for one in known.values()]
    columns = [NAMES[min(step, 2)].format(step) for step in range(paths[0].shape[1])]
    title = f"{numbers.titles[task]}: the paths of policies to the first test goals, before and after adaptation"
    figure = grid(title, numbers.styles(known), columns, (WIDTH - LEFT) / len(columns), _key())
    for row, step, axes in cells(figure, len(columns)):
        _panel(axes, numbers.shown[task]["goals"], paths[row][:, step])
    return figure


def _panel(axes: Axes, goals: Float[np.ndarray, "goal 2"], taken: Float[np.ndarray, "goal trajectory time 2"]) -> None:
    for number, (goal, trajectories) in enumerate(zip(goals, taken, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        for trajectory in trajectories:
            known = trajectory[np.isfinite(trajectory).all(-1)]
            axes.plot(*known.T, color=colour, lw=0.8, alpha=0.7, zorder=2)
            axes.plot(*known[-1], ".", color=colour, ms=4, zorder=3)
        axes.plot(*goal, "X", color=colour, mec="black", mew=0.6, ms=8, zorder=4)
    axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal", xticks=(-0.5, 0, 0.5), yticks=(-0.5, 0, 0.5))


def _key() -> list[Line2D]:
    return [
        Line2D([], [], color="0.4", marker="X", mec="black", ms=8, ls="", label="goal (hidden from the policy)"),
        Line2D([], [], color="0.4", marker=".", lw=0.8, label="a trajectory of at most 100 steps, and its end"),
    ]
