"""Figure `waves`: sine waves, and each learner's function before adaptation and after it."""

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metascore.report.grid import cells, grid
from metascore.report.numbers import Numbers
from metascore.report.scales import FONT

PLACE = 4
CAPTION = (
    "The first test waves (black) with the support points (dots), and each learner's function before adaptation "
    "(grey), after 1 step (orange) and after 10 (blue)."
)
DRAWN = {  # colour, line and name by step
    0: ("#999999", ":", "before adaptation"),
    1: ("#e69f00", "--", "after 1 step"),
    10: ("#0072b2", "-", "after 10 steps"),
}
ROW = 1.45  # inches
REACH = 6.0  # amplitudes end at 5: a larger function has diverged and leaves the panel
EACH = 2  # learners of a family


def draw(numbers: Numbers, task: str) -> Figure | None:
    """A row a learner, a column a wave; None where the task has no functions."""
    known = numbers.first_figure_data(task, numbers.best_of_families(task, EACH), "functions")
    if not known:
        return None
    waves, found = numbers.shown[task], list(known.values())
    columns = [f"test wave {number + 1}" for number in range(len(waves["query_x"]))]
    title = f"{numbers.titles[task]}: the first test waves, and each learner's function before and after adaptation"
    figure = grid(title, numbers.styles(known), columns, ROW, _key())
    for row, wave, axes in cells(figure, len(columns)):
        axes.plot(waves["query_x"][wave], waves["query_y"][wave], color="black", lw=0.9, zorder=2)
        for step, (colour, line, _) in DRAWN.items():
            function = found[row]["functions"][wave][step]
            axes.plot(found[row]["grid"], function, color=colour, ls=line, lw=1.9, zorder=3)
        axes.plot(waves["support_x"][wave], waves["support_y"][wave], "o", color="black", mec="white", ms=6, zorder=4)
        axes.set_ylim(-REACH, REACH)
        if row == len(found) - 1:
            axes.set_xlabel("x", fontsize=FONT)
    return figure


def _key() -> list[Line2D]:
    return [
        Line2D([], [], color="black", lw=0.9, label="true wave"),
        Line2D([], [], color="black", marker="o", mec="white", ms=6, ls="", label="support points"),
        *(Line2D([], [], color=colour, ls=line, lw=1.9, label=name) for colour, line, name in DRAWN.values()),
    ]
