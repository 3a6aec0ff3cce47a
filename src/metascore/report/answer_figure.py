"""The figure of `metascore predict`: each picture beside an example of its predicted class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metascore.report.figures.gallery import RIGHT_COLOUR, WRONG_COLOUR
from metascore.report.scales import FONT

COLUMNS = 4  # answers in a row
SIZE = 0.9  # inches of a picture with its margin
TEXT = 1.5  # inches beside it
MOST = 60  # answers that are drawn


@dataclass(frozen=True)
class Answers:
    """Pictures, and the predicted probability of each class."""

    names: list[str]  # of classes
    support: UInt8[np.ndarray, "way size size channel"]  # one picture of each
    queries: UInt8[np.ndarray, "n size size channel"]
    files: list[str]
    chances: Float[np.ndarray, "n way"]

    @property
    def chosen(self) -> list[int]:
        """The likeliest class of each picture."""
        found: list[int] = self.chances.argmax(1).tolist()
        return found

    def right(self) -> list[bool]:
        """Whether the prediction is right, of each picture whose folder is named like a class."""
        return [known for known in map(self.is_right, range(len(self.files))) if known is not None]

    def is_right(self, number: int) -> bool | None:
        """Whether a prediction is right; None where the picture's folder is not named like a class."""
        truth = str(PurePosixPath(self.files[number]).parent)
        return self.names[self.chosen[number]] == truth if truth in self.names else None


def draw(answers: Answers, inverted: bool) -> Figure:
    """Pairs of a picture and an example of its predicted class, with the probability."""
    shown = min(len(answers.files), MOST)
    rows, width = -(-shown // COLUMNS), COLUMNS * (2 * SIZE + TEXT)
    height = rows * SIZE + 0.5
    figure = Figure(figsize=(width, height), dpi=150)
    more = "" if shown == len(answers.files) else f" (the first {shown} of {len(answers.files)})"
    figure.text(0.1 / width, 1 - 0.1 / height, f"Picture and predicted class{more}", va="top")
    for k in range(shown):
        left, bottom = (k % COLUMNS) * (2 * SIZE + TEXT), (rows - 1 - k // COLUMNS) * SIZE
        pair = answers.queries[k], answers.support[answers.chosen[k]]
        for place, image in enumerate(pair):
            box = (left + place * SIZE + 0.05) / width, bottom / height + 0.05 / height
            axes = figure.add_axes((*box, (SIZE - 0.1) / width, (SIZE - 0.1) / height))
            _show(axes, image, inverted, is_wrong=answers.is_right(k) is False)
        name = PurePosixPath(answers.names[answers.chosen[k]]).name
        words = f"{name}\n{answers.chances[k].max():.2f}"
        figure.text((left + 2 * SIZE + 0.05) / width, (bottom + SIZE / 2) / height, words, va="center", fontsize=FONT)
    return figure


def _show(axes: Axes, image: UInt8[np.ndarray, "size size channel"], inverted: bool, is_wrong: bool) -> None:
    """A picture with its original colours; a mistake has a frame."""
    seen = 255 - image if inverted else image
    axes.imshow(np.broadcast_to(seen, (*seen.shape[:2], 3)))
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(color=WRONG_COLOUR if is_wrong else RIGHT_COLOUR, linewidth=2.0 if is_wrong else 0.6)
