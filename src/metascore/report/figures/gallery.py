"""Figure `gallery`: real test episodes, and what learners answered."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metascore.report.numbers import Numbers
from metascore.report.scales import FONT
from metascore.report.style import Style

PLACE = 3
CAPTION = (
    "The first test episodes and what the best learner of each family answered: a class is shown by its support "
    "image, a mistake has a frame and a cross."
)

LEARNERS = 4  # at most
COLUMNS = 10  # images in a row
SIZE = 0.56  # inches of an image with its margin
LEFT, RIGHT, HEAD, BETWEEN = 1.9, 1.5, 0.5, 0.5  # inches: labels, counts, the title, episodes
RIGHT_COLOUR, WRONG_COLOUR = "#bbbbbb", "#d55e00"  # vermilion: distinct from grey for all readers


@dataclass(frozen=True)
class Example:
    """One test episode, and the classes that each learner chose for its queries.

    An image (height, width) is ink on paper, with ink = 1; one (height, width, 3) is in colour.
    """

    support: Float[np.ndarray, "way height width *colours"]  # the first shot of each class
    query: Float[np.ndarray, "query height width *colours"]
    answer: Int[np.ndarray, " query"]
    chosen: dict[str, Int[np.ndarray, " query"]]


def draw(numbers: Numbers, task: str) -> Figure | None:
    """The first test episodes of a task; None where its episodes have no images."""
    learners = numbers.best_of_families(task)[:LEARNERS]
    examples = _examples(numbers.shown[task], numbers.first_figure_data(task, learners, "chosen"))
    title = f"{numbers.titles[task]}: the first test episodes, and the answers of the best learner of each family"
    return gallery(examples, numbers.styles(), title) if examples else None


def _examples(shown: dict[str, np.ndarray], known: dict[str, dict[str, np.ndarray]]) -> list[Example]:
    """One an episode; none where no learner that learns has answered."""
    if not known:
        return []
    chosen = [{name: found["chosen"][k] for name, found in known.items()} for k in range(len(shown["answer"]))]
    return [Example(shown["support"][k], shown["query"][k], shown["answer"][k], by) for k, by in enumerate(chosen)]


def gallery(examples: list[Example], drawn: dict[str, Style], title: str) -> Figure:
    """For each episode its support set, some queries, and under each query the class that each learner took it for.

    A class is shown by its support image; a mistake has a frame and a cross. The count on the right is of all queries.
    """
    rows = [_rows(example) for example in examples]
    height = HEAD + sum(rows) * SIZE + BETWEEN * len(examples)
    width = LEFT + COLUMNS * SIZE + RIGHT
    figure = Figure(figsize=(width, height), dpi=100)
    figure.text(0.1 / width, 1 - 0.1 / height, title, va="top", fontsize=FONT + 2)
    top = height - HEAD
    for number, (example, count) in enumerate(zip(examples, rows, strict=True), start=1):
        bottom = top - count * SIZE
        place = LEFT / width, bottom / height, COLUMNS * SIZE / width, count * SIZE / height
        axes = figure.add_axes(place, xlim=(0, COLUMNS), ylim=(count, 0))
        axes.axis("off")
        _episode(axes, example, drawn, number)
        top = bottom - BETWEEN
    return figure


def _rows(example: Example) -> int:
    """The rows that an episode takes: its support set, its queries, its learners."""
    return -(-len(example.support) // COLUMNS) + 1 + len(example.chosen)


def shown_queries(answer: Int[np.ndarray, " query"]) -> Int[np.ndarray, " shown"]:
    """The queries that there is room for: as many of each class as can be, class by class."""
    first = np.argsort(np.argsort(answer, kind="stable"), kind="stable")  # place among the queries sorted by class
    turn = np.array([int((answer[:k] == answer[k]).sum()) for k in range(len(answer))])
    picked = np.lexsort((first, turn))[:COLUMNS]
    return picked[np.lexsort((turn[picked], answer[picked]))]


def _episode(axes: Axes, example: Example, drawn: dict[str, Style], number: int) -> None:
    support_rows = -(-len(example.support) // COLUMNS)
    _label(axes, 0, f"Episode {number}: one image of\neach class to learn from")
    for k, image in enumerate(example.support):
        _image(axes, image, k % COLUMNS, k // COLUMNS)
    queries = shown_queries(example.answer)
    _label(axes, support_rows, "Which class is this?")
    for k, query in enumerate(queries):
        _image(axes, example.query[query], k, support_rows, paper="#fff3d6")
    axes.plot([0, COLUMNS], [support_rows] * 2, color="0.6", lw=0.8)
    for row, (learner, chosen) in enumerate(example.chosen.items(), start=support_rows + 1):
        right = int((chosen == example.answer).sum())
        _label(axes, row, learner, drawn[learner].colour)
        axes.text(COLUMNS + 0.15, row + 0.5, f"{right} of {len(chosen)} right", va="center", fontsize=FONT)
        for k, query in enumerate(queries):
            is_right = chosen[query] == example.answer[query]
            _image(axes, example.support[chosen[query]], k, row, edge=RIGHT_COLOUR if is_right else WRONG_COLOUR)
            if not is_right:
                axes.plot(k + 0.85, row + 0.17, "X", color=WRONG_COLOUR, mec="white", mew=0.5, ms=7)


def _label(axes: Axes, row: int, text: str, colour: str = "black") -> None:
    """What a row shows, on its left."""
    axes.text(-0.15, row + 0.5, text, ha="right", va="center", color=colour, fontsize=FONT)


def _image(
    axes: Axes,
    image: Float[np.ndarray, "height width *colours"],
    x: int,
    y: int,
    edge: str = RIGHT_COLOUR,
    paper: str = "white",
) -> None:
    """Black ink on paper, or colours, in a frame; the cell's upper left corner is (x, y)."""
    inner = (x + 0.07, x + 0.93, y + 0.93, y + 0.07)
    box = [(inner[0], inner[1], inner[1], inner[0]), (inner[2], inner[2], inner[3], inner[3])]
    axes.fill(*box, color=paper, zorder=1)
    is_ink = image.ndim == 2
    shown = np.zeros_like(image) if is_ink else image
    axes.imshow(shown, cmap="gray", alpha=image if is_ink else None, extent=inner, aspect="auto", zorder=2)
    frame = 2.0 if edge == WRONG_COLOUR else 0.6
    axes.fill(*box, fill=False, edgecolor=edge, lw=frame, zorder=3)
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())
