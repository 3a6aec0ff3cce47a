"""All figures of a budget: each of every task as SVG for the report, and each of its first task as PNG."""

from types import ModuleType
from typing import NamedTuple

from matplotlib.figure import Figure

from metascore.report.figures import all_figures
from metascore.report.numbers import Numbers
from metascore.report.style import WIDTH, note, rendered, settings


class Drawing(NamedTuple):
    """A figure of one task, and the sentence under it."""

    name: str
    task: str
    caption: str
    svg: bytes
    wide: bool  # has several panels beside each other


def drawings(numbers: Numbers) -> tuple[list[Drawing], dict[str, bytes]]:
    """The drawings of all tasks; and by name the PNG file of each figure, which shows the first task that has it."""
    drawn: list[Drawing] = []
    files = {}
    with settings():
        for module in all_figures():
            name = module.__name__.rpartition(".")[2]
            figures = {task: figure for task in numbers.titles if (figure := module.draw(numbers, task)) is not None}
            first = next(iter(figures.values()), None) or note(name, "No task of this budget has such a figure.")
            files[name] = rendered(first, "png")
            drawn += [_drawing(module, name, task, figure) for task, figure in figures.items()]
    return drawn, files


def _drawing(module: ModuleType, name: str, task: str, figure: Figure) -> Drawing:
    return Drawing(name, task, module.CAPTION, rendered(figure, "svg"), figure.get_figwidth() > WIDTH)
