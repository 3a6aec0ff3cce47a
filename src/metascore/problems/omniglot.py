"""Omniglot: which of these handwritten characters is it?

Lake, Salakhutdinov and Tenenbaum 2015, "Human-level concept learning through probabilistic program induction".

`within: group` and `one_drawer` make it the paper's challenge: characters of one alphabet, whose support drawings are
by one person and whose query drawings are by another. `lake_runs` takes the 20 published test episodes.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, final

import numpy as np
from jaxtyping import UInt8

from metascore.bounds import Bounds
from metascore.data import lake
from metascore.data.characters import CHARACTERS, DRAWERS, SIDE, character_names, members
from metascore.data.pictures import Look
from metascore.errors import UsageError, UserError
from metascore.files import read_json
from metascore.problems.keys import NO_KEY
from metascore.problems.pictures import Gathered, Material, PictureClassification, Pool, mapped_images
from metascore.randomness import numpy_generator

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import Tensor

AGAIN = "delete data/omniglot and run `metascore data` again"


@final
@dataclass(frozen=True, kw_only=True)
class Omniglot(PictureClassification):
    """`way` characters; `shot` and `query` count drawings of each."""

    name: ClassVar[str] = "omniglot"
    warning: ClassVar[str] = "SYNTHETIC GLYPHS: drawn by a program. These numbers say nothing about Omniglot."
    fields: ClassVar[tuple[str, str]] = ("character", "drawer")

    way: Annotated[int, Bounds(CHARACTERS, least=2)]
    split: Literal["", "random", "lake", "file"] = ""  # none: split.name
    one_drawer: bool = False  # all first drawings of an episode are one person's, all second ones another's, ...
    turned: bool = True  # in the parts that `episodes.rotate` lists; false: in none
    lake_runs: bool = False  # the test episodes are the published ones
    num_classes: int = dataclasses.field(default=CHARACTERS, metadata=NO_KEY)

    @property
    def source(self) -> str:
        return "omniglot/source.json"

    @property
    def classes(self) -> str:
        return "omniglot/characters.csv"

    @property
    def example(self) -> tuple[int, ...]:
        return (SIDE, SIDE, 1)

    @property
    def look(self) -> Look:
        return Look(SIDE, 1, invert=True)  # dark ink on light paper

    def stream(self, part: str) -> str:
        variant = {self.split: self.split, self.within: self.within, "hand": self.one_drawer, "still": not self.turned}
        names = [name for name, is_so in variant.items() if is_so]
        runs = ["runs"] if self._takes_runs(part) else []
        return f"{self.name}/{'-'.join([*names, *runs, part, self.size])}.npy"

    def counted(self, part: str, count: int) -> int:
        return lake.RUNS if self._takes_runs(part) else count

    def check(self, part: str, split: Mapping[str, Any]) -> None:
        """Raise UsageError where a character has too few drawings, or the split too few characters."""
        drawings = self.shot + self.query
        if drawings > DRAWERS:
            raise UsageError(
                f"tasks: {self.stream(part)} needs shot + query = {drawings} drawings of a character, Omniglot has "
                f"{DRAWERS}: lower shot or query"
            )
        if self._takes_runs(part) and (self.way, self.shot, self.query) != (20, 1, 1):
            raise UsageError(f"tasks: {self.stream(part)}: Lake et al.'s runs are 20-way, with shot 1 and query 1")
        size = split[part] if (self.split or split["name"]) == "random" else math.inf
        if self.way > size:
            raise UsageError(
                f"tasks: {self.stream(part)} needs {self.way} characters, split.{part} is {size}: lower way"
            )

    def drawn_from(self, split: str) -> tuple[str, ...]:
        table = (self.classes,) if self.within or self.lake_runs else ()
        return (f"splits/{self.split or split}.json", *table)

    def draw(self, part: str, count: int, settings: Mapping[str, Any], sources: Sequence[Path]) -> np.ndarray:
        """Draw from the characters of a part of the split, or take the published runs."""
        split, *tables = sources
        characters = members(read_json(split), part, str(split), self.num_classes)
        table = _read_table(tables[0]) if tables else None
        if table is not None and self._takes_runs(part):
            runs = self._runs(character_names(table))
            if runs is not None:
                return runs
        groups = [""] * len(characters) if table is None else table["alphabet"].iloc[characters].tolist()
        return self.draw_among(characters, part, count, part in settings["rotate"], settings["seed"], groups)

    def draw_among(
        self,
        characters: list[int],
        part: str,
        count: int,
        rotate: bool,
        seed: int,
        alphabets: Sequence[str] | None = None,
    ) -> np.ndarray:
        """Characters are distinct within an episode, drawers within a class; each class has a rotation of its own."""
        drawings = np.full(len(characters), DRAWERS)
        pool = Pool(np.asarray(characters), drawings, alphabets or [""] * len(characters))
        self.check_pool(pool, part, "characters", f"enlarge split.{part}")
        random = numpy_generator(seed, "episodes", self.stream(part))
        rows = self.draw_from(pool, count, rotate and self.turned, random)
        if self.one_drawer:
            rows["drawer"] = rows["drawer"][:, :1]
        return rows

    def _takes_runs(self, part: str) -> bool:
        return self.lake_runs and part == "test"

    def _runs(self, names: list[str]) -> np.ndarray | None:
        """The published episodes; None where the characters are not Omniglot's, but glyphs that stand in for them."""
        index = {name: number for number, name in enumerate(names)}
        rows = np.zeros(lake.RUNS, self.row)
        for place, trial in enumerate(lake.trials()):
            if trial.name not in index:
                return None
            rows["character"][trial.run, place % self.way] = index[trial.name]
            rows["drawer"][trial.run, place % self.way] = trial.drawers
        return rows

    @property
    def row(self) -> np.dtype[Any]:
        """Rotations are quarter turns."""
        drawers = (self.way, self.shot + self.query)
        return np.dtype([("character", "<i2", (self.way,)), ("rotation", "u1", (self.way,)), ("drawer", "u1", drawers)])

    def possible(self, rows: np.ndarray) -> bool:
        return super().possible(rows) and bool(rows["drawer"].max() < DRAWERS)

    def class_names(self, table: Path) -> list[str]:
        return character_names(_read_table(table))

    @property
    def inputs(self) -> tuple[str, ...]:
        return ("omniglot/images.npy",)

    def read(self, inputs: Sequence[Path], device: torch.device) -> UInt8[Tensor, "characters drawers 28 28"]:
        """All images, on a device."""
        import torch

        (path,) = inputs
        images = mapped_images(path, AGAIN)
        if images.shape != (self.num_classes, DRAWERS, SIDE, SIDE):
            raise UserError(f"{path}: not Omniglot's images: {AGAIN}")
        return torch.from_numpy(np.array(images)).to(device)

    def episodes(self, rows: np.ndarray, material: UInt8[Tensor, "characters drawers 28 28"]) -> Gathered:
        images = material.reshape(-1, *self.example)
        return Gathered(rows, self, Material(images, DRAWERS * np.arange(len(material))))

    def title(self, synthetic: bool) -> str:
        kind = ", Lake et al.'s runs" if self.lake_runs else ", within alphabets" if self.within else ""
        return f"{'Synthetic glyphs' if synthetic else 'Omniglot'}{kind}, {self.way}-way {self.shot}-shot"

    def data(self, synthetic: bool) -> str:
        return "synthetic glyphs" if synthetic else "Omniglot"


def _read_table(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(path)
        character_names(table)
        return table
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: run `metascore data`") from error
