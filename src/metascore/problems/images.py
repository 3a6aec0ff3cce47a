"""Pictures of the user's own: which of these classes is it? The classes are those of a folder (`data.folder`)."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, final

import numpy as np

from metascore.bounds import Bounds, Pattern
from metascore.data.characters import members
from metascore.data.classes import Row
from metascore.data.classes import read as read_classes
from metascore.data.pictures import Look
from metascore.errors import UsageError, UserError
from metascore.files import read_json
from metascore.problems.base import Problem
from metascore.problems.keys import NO_KEY
from metascore.problems.pictures import Gathered, Material, PictureClassification, Pool, mapped_images
from metascore.randomness import numpy_generator

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from torch import Tensor

AGAIN = "run `metascore pictures --name {}` again"

log = logging.getLogger(__name__)


@final
@dataclass(frozen=True, kw_only=True)
class Images(PictureClassification):
    """`way` classes of the data set `data_set`; classes may have any number of pictures."""

    name: ClassVar[str] = "images"
    fields: ClassVar[tuple[str, str]] = ("class", "image")

    data_set: Annotated[str, Pattern("^[a-z][a-z0-9_]*$")]
    way: Annotated[int, Bounds(100_000, least=2)]
    split: Literal["", "class", "group", "parts", "file"] = ""  # none: the set's own
    side: int = dataclasses.field(default=28, metadata=NO_KEY)
    channels: int = dataclasses.field(default=1, metadata=NO_KEY)
    invert: bool = dataclasses.field(default=False, metadata=NO_KEY)
    rotate: tuple[str, ...] = dataclasses.field(default=(), metadata=NO_KEY)  # parts whose pictures may be turned

    @classmethod
    def configured(cls, keys: Mapping[str, Any], data: Mapping[str, Any]) -> Problem:
        settings = data.get(keys["data_set"])
        if settings is None or "path" not in settings:
            known = ", ".join(name for name, one in data.items() if "path" in one) or "none yet"
            raise UsageError(f"{keys['data_set']!r} is no data set of pictures: name one in `data` ({known})")
        own = {"side": settings["size"], "channels": settings["channels"], "invert": settings.get("invert", False)}
        split = keys.get("split") or settings.get("split", {}).get("name", "class")
        return cls(**{**keys, **own, "split": split, "rotate": tuple(settings.get("rotate", ()))})

    @property
    def example(self) -> tuple[int, ...]:
        return (self.side, self.side, self.channels)

    @property
    def look(self) -> Look:
        return Look(self.side, self.channels, self.invert)

    @property
    def source(self) -> str:
        return f"pictures/{self.data_set}/source.json"

    @property
    def classes(self) -> str:
        return f"pictures/{self.data_set}/classes.csv"

    @property
    def inputs(self) -> tuple[str, ...]:
        return (f"pictures/{self.data_set}/images.npy", self.classes)

    def sized(self, data: Path) -> Problem:
        return dataclasses.replace(self, num_classes=len(read_classes(data / self.classes)))

    def stream(self, part: str) -> str:
        names = [name for name in (self.split, self.within) if name]
        return f"{self.data_set}/{'-'.join([*names, part, self.size])}.npy"

    def drawn_from(self, split: str) -> tuple[str, ...]:
        return (f"splits/{self.data_set}/{self.split}.json", self.classes)

    def draw(self, part: str, count: int, settings: Mapping[str, Any], sources: Sequence[Path]) -> np.ndarray:
        """Draw from the classes of a part of the split that have enough pictures; others are named."""
        split, path = sources
        table = read_classes(path)
        held = members(read_json(split), part, str(split), len(table))
        enough = [number for number in held if table[number].count >= self.shot + self.query]
        self._warn(part, [table[number] for number in held if number not in set(enough)])
        counts = np.array([table[number].count for number in enough], dtype=np.int64)
        pool = Pool(np.array(enough, dtype=np.int64), counts, [table[number].group for number in enough])
        cure = "training.shot and training.query of a recipe, or give the part more"
        self.check_pool(pool, part, f"classes of {self.shot + self.query} pictures", cure)
        random = numpy_generator(settings["seed"], "episodes", self.stream(part))
        return self.draw_from(pool, count, part in self.rotate, random)

    def _warn(self, part: str, small: Sequence[Row]) -> None:
        if small:
            others = f", and {len(small) - 1} more classes," if len(small) > 1 else ""
            log.warning(
                f"{self.stream(part)}: {small[0].name}{others} left out: shot + query are {self.shot + self.query}, "
                f"it has {small[0].count} pictures"
            )

    @property
    def row(self) -> np.dtype[Any]:
        """Rotations are quarter turns."""
        images = (self.way, self.shot + self.query)
        return np.dtype([("class", "<i4", (self.way,)), ("rotation", "u1", (self.way,)), ("image", "<i4", images)])

    def class_names(self, table: Path) -> list[str]:
        return [row.name for row in read_classes(table)]

    def read(self, inputs: Sequence[Path], device: torch.device) -> tuple[Material, list[Row]]:
        """All images, mapped into memory; on a device of its own they are copied there."""
        import torch

        path, table = inputs
        images, rows, cure = (
            mapped_images(path, AGAIN.format(self.data_set)),
            read_classes(table),
            AGAIN.format(self.data_set),
        )
        if images.shape != (sum(row.count for row in rows), *self.example):
            raise UserError(f"{path}: not the images of {table} at {self.side} x {self.side} x {self.channels}: {cure}")
        first = np.array([row.first for row in rows], dtype=np.int64)
        return Material(torch.from_numpy(images).to(device), first), rows

    def episodes(self, rows: np.ndarray, material: tuple[Material, list[Row]]) -> Gathered:
        """Raises UserError where they were drawn from other pictures."""
        what, table = material
        counts = np.array([row.count for row in table])
        if (rows["image"] >= counts[rows["class"]][..., None]).any():
            raise UserError(
                f"data/episodes/{self.data_set}: drawn from other pictures: delete the folder and run again"
            )
        return Gathered(rows, self, what)

    def seen(self, x: Float[Tensor, "*n height width channel"]) -> Float[Tensor, ...]:
        """As a viewer shows it."""
        shown = 1 - x if self.invert else x
        return shown.expand(*shown.shape[:-1], 3)

    def title(self, synthetic: bool) -> str:
        within = ", within groups" if self.within else ""
        return f"{self.data_set}{within}, {self.way}-way {self.shot}-shot"

    def data(self, synthetic: bool) -> str:
        return f"pictures of {self.data_set}"
