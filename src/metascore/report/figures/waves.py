"""Figure `waves`: sine waves, and each learner's function before adaptation and after it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT

PLACE = 4
CAPTION = (
    "The first test waves (black) with the support points (dots), and each learner's function before adaptation "
    "(grey), after 1 step (orange) and after 10 (blue)."
)
STEPS = (0, 1, 10)
COLOURS = {0: "#999999", 1: "#e69f00", 10: "#0072b2"}  # grey, orange, blue
NAMES = {0: "before adaptation", 1: "after 1 step", 10: "after 10 steps"}
TRUE, LINES = "black", {0: ":", 1: "--", 10: "-"}
WIDTH, ROW = 10.0, 1.45  # inches
HEAD, LEFT, FOOT = 0.85, 1.0, 0.45
REACH = 6.0  # amplitudes end at 5: a larger function has diverged and leaves the panel
EACH = 2  # learners of a family
Arrays = dict[str, np.ndarray]


def draw(numbers: Numbers, task: str) -> Figure | None:
    """A row a learner, a column a wave; None where the task has no functions."""
    known = numbers.first_figure_data(task, numbers.best_of_families(task, EACH), "functions")
    if not known:
        return None
    waves, drawn = numbers.shown[task], numbers.styles()
    height = HEAD + ROW * len(known) + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=100)
    title = f"{numbers.titles[task]}: the first test waves, and each learner's function before and after adaptation"
    figure.text(0.1 / WIDTH, 1 - 0.1 / height, title, va="top", fontsize=FONT + 2)
    _key(figure, height)
    grid = figure.subplots(
        len(known), len(waves["query_x"]), sharex=True, sharey=True, squeeze=False,
        gridspec_kw={
            "left": LEFT / WIDTH, "right": 0.99, "top": 1 - HEAD / height, "bottom": FOOT / height,
            "wspace": 0.06, "hspace": 0.12,
        },
    )  # fmt: skip
    for row, (learner, found) in zip(grid, known.items(), strict=True):
        for number, axes in enumerate(row):
            _panel(
                axes, {name: array[number] for name, array in waves.items()}, found["grid"], found["functions"][number]
            )
        row[0].set_ylabel(learner, rotation=0, ha="right", va="center", fontsize=FONT + 2, color=drawn[learner].colour)
    for number, axes in enumerate(grid[0], start=1):
        axes.set_title(f"test wave {number}", fontsize=FONT + 1)
    for axes in grid[-1]:
        axes.set_xlabel("x", fontsize=FONT)
    return figure


def _panel(axes: Axes, wave: Arrays, grid: np.ndarray, functions: np.ndarray) -> None:
    """One wave, and a learner's functions (step, grid)."""
    axes.plot(wave["query_x"], wave["query_y"], color=TRUE, lw=0.9, zorder=2)
    for step in STEPS:
        axes.plot(grid, functions[step], color=COLOURS[step], ls=LINES[step], lw=1.9, zorder=3)
    axes.plot(wave["support_x"], wave["support_y"], "o", color=TRUE, mec="white", ms=6, zorder=4)
    axes.set_ylim(-REACH, REACH)
    axes.tick_params(labelsize=FONT)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2)


def _key(figure: Figure, height: float) -> None:
    """What a colour means, in one line below the title."""
    marks = [
        Line2D([], [], color=TRUE, lw=0.9, label="true wave"),
        Line2D([], [], color=TRUE, marker="o", mec="white", ms=6, ls="", label="support points"),
        *(Line2D([], [], color=COLOURS[step], ls=LINES[step], lw=1.9, label=NAMES[step]) for step in STEPS),
    ]
    where = (0.0, 1 - 0.27 / height)
    figure.legend(
        handles=marks, ncols=len(marks), loc="upper left", bbox_to_anchor=where, frameon=False, fontsize=FONT + 1
    )
