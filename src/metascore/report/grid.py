"""A figure of small panels: a row a learner, a column an example, with a title and a key above."""

from collections.abc import Iterator, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from metascore.report.scales import FONT
from metascore.report.style import Style

WIDTH, HEAD, LEFT, FOOT = 10.0, 0.85, 1.0, 0.45  # inches


def grid(title: str, learners: dict[str, Style], columns: Sequence[str], row: float, key: list[Line2D]) -> Figure:
    """Empty panels with equal axes, under the names of columns and beside those of learners; `row` is in inches."""
    height = HEAD + row * len(learners) + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=100)
    figure.text(0.1 / WIDTH, 1 - 0.1 / height, title, va="top", fontsize=FONT + 2)
    figure.legend(
        handles=key, ncols=len(key), loc="upper left", bbox_to_anchor=(0.0, 1 - 0.27 / height), frameon=False,
        fontsize=FONT + 1,
    )  # fmt: skip
    panels = figure.subplots(
        len(learners), len(columns), sharex=True, sharey=True, squeeze=False,
        gridspec_kw={
            "left": LEFT / WIDTH, "right": 0.99, "top": 1 - HEAD / height, "bottom": FOOT / height,
            "wspace": 0.06, "hspace": 0.1,
        },
    )  # fmt: skip
    for axes, (learner, style) in zip(panels[:, 0], learners.items(), strict=True):
        axes.set_ylabel(learner, rotation=0, ha="right", va="center", fontsize=FONT + 2, color=style.colour)
    for axes, name in zip(panels[0], columns, strict=True):
        axes.set_title(name, fontsize=FONT + 1)
    for axes in figure.axes:
        axes.tick_params(labelsize=FONT)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.2)
    return figure


def cells(figure: Figure, columns: int) -> Iterator[tuple[int, int, Axes]]:
    """Row, column and axes of each panel."""
    return ((*divmod(place, columns), axes) for place, axes in enumerate(figure.axes))
