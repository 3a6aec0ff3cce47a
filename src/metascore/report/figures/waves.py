"""Figure `waves`: sine waves as learners see them, before adaptation and after it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT
from metascore.report.style import WIDTH, note, styles

PLACE = 4
CAPTION = (
    "The first test waves (black) with the points given (dots), and each learner's function before adaptation (grey), "
    "after 1 step (orange) and after 10 (blue)."
)

STEPS = (0, 1, 10)
COLOURS = {0: "#999999", 1: "#e69f00", 10: "#0072b2"}  # grey, orange, blue: one colour a meaning, in every panel
NAMES = {0: "before adaptation", 1: "after 1 step", 10: "after 10 steps"}
TRUE, LINES = "black", {0: ":", 1: "--", 10: "-"}
ROW = 1.45  # inches
HEAD, LEFT, FOOT = 0.85, 1.0, 0.45
REACH = 6.0  # amplitudes end at 5; what leaves the panel has diverged


@dataclass(frozen=True)
class Wave:
    """One test wave, its support points, and each learner's functions on the grid after 0 .. 10 steps."""

    grid: Float[np.ndarray, " grid"]
    x: Float[np.ndarray, " query"]
    y: Float[np.ndarray, " query"]
    support_x: Float[np.ndarray, " shot"]
    support_y: Float[np.ndarray, " shot"]
    functions: dict[str, Float[np.ndarray, "steps grid"]]


def draw(numbers: Numbers) -> Figure:
    """Waves of the first task that has some."""
    tasks = numbers.tasks_with("functions")
    if not tasks:
        return waves([], numbers.families(), "Sine waves")
    title = f"{numbers.titles[tasks[0]]}: the first test waves, as a learner sees them before and after it adapts"
    known = numbers.first_figure_data(tasks[0], numbers.best_of_families(tasks[0], each=2))
    return waves(_waves(numbers.shown[tasks[0]], known), numbers.families(), title)


def _waves(shown: dict[str, np.ndarray], known: dict[str, dict[str, np.ndarray]]) -> list[Wave]:
    """The grid is the same in all portraits."""
    if not known:
        return []
    grid = next(iter(known.values()))["grid"]
    return [
        Wave(
            grid,
            shown["query_x"][k],
            shown["query_y"][k],
            shown["support_x"][k],
            shown["support_y"][k],
            {name: one["functions"][k] for name, one in known.items()},
        )
        for k in range(len(shown["query_x"]))
    ]


def waves(shown: list[Wave], families: dict[str, str], title: str) -> Figure:
    """A row a learner, a column a wave: the truth, the points given, the function before and after adaptation.

    `families` are those of all learners of the benchmark: with them come the learners' colours.
    """
    if not shown or not shown[0].functions:
        return note(title, "No task of this budget has waves to show.")
    drawn = styles(families)
    learners = list(shown[0].functions)
    height = HEAD + ROW * len(learners) + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=150)
    figure.text(0.1 / WIDTH, 1 - 0.1 / height, title, va="top", fontsize=FONT + 2)
    _key(figure, height)
    grid = figure.subplots(
        len(learners), len(shown), sharex=True, sharey=True, squeeze=False,
        gridspec_kw={
            "left": LEFT / WIDTH, "right": 0.99, "top": 1 - HEAD / height, "bottom": FOOT / height,
            "wspace": 0.06, "hspace": 0.12,
        },
    )  # fmt: skip
    for row, learner in zip(grid, learners, strict=True):
        for axes, wave in zip(row, shown, strict=True):
            _panel(axes, wave, learner)
        row[0].set_ylabel(learner, rotation=0, ha="right", va="center", fontsize=FONT + 2, color=drawn[learner].colour)
    for number, axes in enumerate(grid[0], start=1):
        axes.set_title(f"test wave {number}", fontsize=FONT + 1)
    for axes in grid[-1]:
        axes.set_xlabel("x", fontsize=FONT)
    return figure


def _panel(axes: Axes, wave: Wave, learner: str) -> None:
    axes.plot(wave.x, wave.y, color=TRUE, lw=0.9, zorder=2)
    for step in STEPS:
        function = wave.functions[learner][step]
        axes.plot(wave.grid, function, color=COLOURS[step], ls=LINES[step], lw=1.9, zorder=3)
    axes.plot(wave.support_x, wave.support_y, "o", color=TRUE, mec="white", ms=6, zorder=4)
    axes.set_ylim(-REACH, REACH)
    axes.tick_params(labelsize=FONT)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.2)


def _key(figure: Figure, height: float) -> None:
    """What a colour means, in one line below the title."""
    marks = [
        Line2D([], [], color=TRUE, lw=0.9, label="true wave"),
        Line2D([], [], color=TRUE, marker="o", mec="white", ms=6, ls="", label="points given to learn from"),
        *(Line2D([], [], color=COLOURS[step], ls=LINES[step], lw=1.9, label=NAMES[step]) for step in STEPS),
    ]
    where = (0.0, 1 - 0.27 / height)
    figure.legend(
        handles=marks, ncols=len(marks), loc="upper left", bbox_to_anchor=where, frameon=False, fontsize=FONT + 1
    )
