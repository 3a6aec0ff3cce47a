"""Omniglot: which of these handwritten characters is it?

Lake, Salakhutdinov and Tenenbaum 2015, "Human-level concept learning through probabilistic program induction".

Episodes as in Finn, Abbeel and Levine 2017: characters of one part of the split, each class turned by quarter turns of
its own; the first `shot` drawers are the support set.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
from jaxtyping import Int, UInt8

from metascore.data.characters import CHARACTERS, DRAWERS, SIDE, character_names, members
from metascore.errors import UsageError, UserError
from metascore.files import read_array, read_json
from metascore.problems.base import NO_KEY, Episode, Episodes, Examples
from metascore.problems.supervised import Classification
from metascore.randomness import numpy_generator

if TYPE_CHECKING:
    import torch
    from torch import Tensor

QUARTERS = 4  # ways to turn an image by quarter turns


@final
@dataclass(frozen=True, kw_only=True)
class Omniglot(Classification):
    """`way` characters; `shot` and `query` count drawings of each."""

    name: ClassVar[str] = "omniglot"
    chunk_size: ClassVar[int] = 16
    seconds_per_task: ClassVar[float] = 0.01
    source: ClassVar[str | None] = "omniglot/source.json"
    classes: ClassVar[str | None] = "omniglot/characters.csv"
    warning: ClassVar[str] = "SYNTHETIC GLYPHS: drawn by a program. These numbers say nothing about Omniglot."

    way: int = dataclasses.field(metadata={"minimum": 2, "maximum": CHARACTERS})
    characters: int = dataclasses.field(default=CHARACTERS, metadata=NO_KEY)

    @property
    def example(self) -> tuple[int, ...]:
        return (SIDE, SIDE, 1)

    @property
    def identities(self) -> int:
        """A turned character is another class, as in Santoro et al. 2016, section 4.1."""
        return QUARTERS * self.characters

    def check(self, part: str, split: Mapping[str, Any]) -> None:
        """Raise UsageError where a character has too few drawings, or the split too few characters."""
        drawings = self.shot + self.query
        if drawings > DRAWERS:
            raise UsageError(
                f"tasks: {self.stream(part)} needs shot + query = {drawings} drawings of a character, Omniglot has "
                f"{DRAWERS}: lower shot or query"
            )
        size = split[part] if split["name"] == "random" else math.inf
        if self.way > size:
            raise UsageError(
                f"tasks: {self.stream(part)} needs {self.way} characters, split.{part} is {size}: lower way"
            )

    def drawn_from(self, split: str) -> tuple[str, ...]:
        return (f"splits/{split}.json",)

    def draw(self, part: str, count: int, settings: Mapping[str, Any], sources: Sequence[Path]) -> np.ndarray:
        """Draw from the characters of a part of the split."""
        (split,) = sources
        characters = members(read_json(split), part, str(split), self.characters)
        return self.draw_among(characters, part, count, part in settings["rotate"], settings["seed"])

    def draw_among(self, characters: list[int], part: str, count: int, rotate: bool, seed: int) -> np.ndarray:
        """Characters are distinct within an episode, drawers within a class; each class has a rotation of its own."""
        if self.way > len(characters):
            raise UserError(
                f"{self.stream(part)}: {self.way}-way episodes need {self.way} characters, the {part} part of the "
                f"split has {len(characters)}: lower `way` or enlarge split.{part}"
            )
        random = numpy_generator(seed, "episodes", self.stream(part))
        rows = np.zeros(count, self.row)
        picks = random.random((count, len(characters))).argpartition(self.way - 1, axis=1)[:, : self.way]
        rows["character"] = np.asarray(characters)[random.permuted(picks, axis=1)]
        turns = random.integers(0, QUARTERS, (count, self.way))
        rows["rotation"] = turns if rotate else 0
        drawers = random.random((count, self.way, DRAWERS)).argsort(axis=2)
        rows["drawer"] = drawers[..., : self.shot + self.query]
        return rows

    @property
    def row(self) -> np.dtype[Any]:
        """Rotations are quarter turns."""
        drawers = (self.way, self.shot + self.query)
        return np.dtype([("character", "<i2", (self.way,)), ("rotation", "u1", (self.way,)), ("drawer", "u1", drawers)])

    def possible(self, rows: np.ndarray) -> bool:
        return bool(
            rows["character"].min() >= 0
            and rows["character"].max() < self.characters
            and np.isin(rows["rotation"], range(QUARTERS)).all()
            and np.isin(rows["drawer"], range(DRAWERS)).all()
        )

    def classes_of(self, rows: np.ndarray) -> Int[np.ndarray, "episode class"]:
        return rows["character"].astype(np.int64)

    def class_names(self, table: Path) -> list[str]:
        import pandas as pd

        try:
            return character_names(pd.read_csv(table))
        except (OSError, ValueError, KeyError) as error:
            raise UserError(f"{table}: {' '.join(str(error).split())}: run `metascore data`") from error

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("omniglot/images.npy",)

    def read(self, inputs: Sequence[Path], device: torch.device) -> UInt8[Tensor, "characters drawers 28 28"]:
        """All images, on a device."""
        import torch

        (path,) = inputs
        images = read_array(path, "delete data/omniglot and run `metascore data` again", mapped=True)
        if images.shape != (self.characters, DRAWERS, SIDE, SIDE) or images.dtype != np.uint8:
            raise UserError(f"{path}: not Omniglot's images: delete data/omniglot and run `metascore data` again")
        return torch.from_numpy(np.array(images)).to(device)

    def episodes(self, rows: np.ndarray, material: UInt8[Tensor, "characters drawers 28 28"]) -> Drawings:
        return Drawings(rows, self.shot, material)

    def title(self, synthetic: bool) -> str:
        return f"{'Synthetic glyphs' if synthetic else 'Omniglot'}, {self.way}-way {self.shot}-shot"

    def data(self, synthetic: bool) -> str:
        return "synthetic glyphs" if synthetic else "Omniglot"


class Drawings(Episodes):
    """Episodes gathered from one uint8 array of all images."""

    def __init__(self, rows: np.ndarray, shot: int, images: UInt8[Tensor, "characters drawers 28 28"]) -> None:
        self.rows, self.shot, self.images = rows, shot, images

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index: np.ndarray) -> Episode:
        """The episodes of these rows, every tensor with a leading episode axis."""
        rows = self.rows[index]
        character = _tensor(rows["character"], self.images.device)[..., None]
        rotation = _tensor(rows["rotation"], self.images.device)[..., None]
        drawer = _tensor(rows["drawer"], self.images.device)
        images = _rotated(self.images[character, drawer], rotation.expand_as(drawer))
        identity = QUARTERS * character + rotation
        support, query = slice(0, self.shot), slice(self.shot, None)
        return Episode(_examples(images[:, :, support], identity), _examples(images[:, :, query], identity))


def _tensor(values: np.ndarray, device: torch.device) -> Int[Tensor, ...]:
    import torch

    return torch.from_numpy(values.astype(np.int64)).to(device)


def _rotated(images: UInt8[Tensor, "*n 28 28"], turns: Int[Tensor, "*n"]) -> UInt8[Tensor, "*n 28 28"]:
    """Each image turned counter-clockwise by its own number of quarter turns."""
    out = images.clone()
    for quarter in range(1, QUARTERS):
        chosen = turns == quarter
        out[chosen] = images[chosen].rot90(quarter, (-2, -1))
    return out


def _examples(images: UInt8[Tensor, "episodes way k 28 28"], identity: Int[Tensor, "episodes way 1"]) -> Examples:
    """Shot by shot, as floats in [0, 1] with a channel axis."""
    import torch

    episodes, way, k = images.shape[:3]
    x = images.transpose(1, 2).reshape(episodes, k * way, SIDE, SIDE, 1).float() / 255
    y = torch.arange(way, device=images.device).repeat(k).expand(episodes, -1)
    return Examples(x, y, identity.squeeze(2).repeat(1, k))
