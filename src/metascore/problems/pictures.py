"""Classification of pictures: draws episodes from classes, and gathers them from one array of all pictures.

Episodes as in Finn, Abbeel and Levine 2017: classes of one part of the split, each turned by quarter turns of its own
where pictures may be turned; the first `shot` pictures of a class are the support set.
"""

from __future__ import annotations

import abc
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from metascore.data.pictures import Look
from metascore.errors import UserError
from metascore.files import read_array
from metascore.problems.examples import Episode, Episodes, Examples
from metascore.problems.supervised import Classification

if TYPE_CHECKING:
    import torch
    from torch import Tensor

DRAWN_AT_ONCE = 1 << 22  # random numbers: bounds memory, changes nothing
QUARTERS = 4  # ways to turn a picture by quarter turns


class Pool(NamedTuple):
    """The classes that an episode may have."""

    classes: Int[np.ndarray, " class"]
    counts: Int[np.ndarray, " class"]  # of their pictures
    groups: Sequence[str]  # of each class


class Material(NamedTuple):
    """The pictures of all classes, in one array."""

    images: UInt8[Tensor, "image height width channel"]
    first: Int[np.ndarray, " class"]  # the first picture of each class


@dataclass(frozen=True, kw_only=True)
class PictureClassification(Classification):
    """`way` classes; `shot` and `query` count pictures of each."""

    chunk_size: ClassVar[int] = 16
    seconds_per_task: ClassVar[float] = 0.01
    fields: ClassVar[tuple[str, str]]  # of a row: the classes, and the place of each picture in its class

    within: Literal["", "group"] = ""  # group: an episode's classes are of one group

    @property
    def identities(self) -> int:
        """A turned picture is of another class, as in Santoro et al. 2016, section 4.1."""
        return QUARTERS * self.num_classes

    @property
    @abc.abstractmethod
    def look(self) -> Look:
        """How its pictures are read from files."""

    def draw_from(self, pool: Pool, count: int, rotate: bool, random: np.random.Generator) -> np.ndarray:
        """Rows of distinct classes, and of distinct pictures of each class; each class has a rotation of its own."""
        rows = np.zeros(count, self.row)
        rows[self.fields[0]], chosen = self._classes(pool, count, random)
        turns = random.integers(0, QUARTERS, (count, self.way))
        rows["rotation"] = turns if rotate else 0
        rows[self.fields[1]] = self._places(pool.counts[chosen], random)
        return rows

    def _classes(self, pool: Pool, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Of each episode (count, way): the classes, and their places in the pool."""
        its_group = np.unique(np.asarray(pool.groups), return_inverse=True)[1]
        large = np.flatnonzero(np.bincount(its_group) >= self.way)
        its = large[random.integers(0, len(large), count)] if self.within else None
        picks = np.empty((count, self.way), np.int64)
        for part in _parts(count, len(pool.classes)):
            keys = random.random((part.stop - part.start, len(pool.classes)))
            if its is not None:
                keys[its[part, None] != its_group] = np.inf
            picks[part] = keys.argpartition(self.way - 1, axis=1)[:, : self.way]
        chosen = random.permuted(picks, axis=1)
        return pool.classes[chosen], chosen

    def _places(self, counts: Int[np.ndarray, "episode way"], random: np.random.Generator) -> np.ndarray:
        """Of each episode and class (episode, way, shot + query): the pictures."""
        most = int(counts.max())
        places = np.empty((*counts.shape, self.shot + self.query), np.int64)
        for part in _parts(len(counts), self.way * most):
            keys = random.random((part.stop - part.start, self.way, most))
            keys[np.arange(most) >= counts[part, :, None]] = np.inf
            places[part] = keys.argsort(axis=2)[..., : self.shot + self.query]
        return places

    def check_pool(self, pool: Pool, part: str, classes: str, cure: str) -> None:
        """Raise UserError, ending in `cure`, where a part of the split has too few classes for an episode."""
        available, where = len(pool.classes), f"the {part} part of the split"
        if self.within:
            available = max(Counter(pool.groups).values(), default=0)
            where = f"the largest group in {where}"
        if self.way > available:
            raise UserError(
                f"{self.stream(part)}: {self.way}-way episodes need {self.way} {classes}, {where} has {available}: "
                f"lower `way` or {cure}"
            )

    def possible(self, rows: np.ndarray) -> bool:
        classes, places = (rows[name] for name in self.fields)
        return bool(
            classes.min() >= 0
            and classes.max() < self.num_classes
            and np.isin(rows["rotation"], range(QUARTERS)).all()
            and places.min() >= 0
        )

    def classes_of(self, rows: np.ndarray) -> Int[np.ndarray, "episode class"]:
        return rows[self.fields[0]].astype(np.int64)


class Gathered(Episodes):
    """Episodes gathered from one uint8 array of all images."""

    def __init__(self, rows: np.ndarray, problem: PictureClassification, material: Material) -> None:
        self.rows, self.problem, self.material = rows, problem, material

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index: np.ndarray) -> Episode:
        """The episodes of these rows, every tensor with a leading episode axis."""
        rows, device = self.rows[index], self.material.images.device
        classes, places = (rows[name].astype(np.int64) for name in self.problem.fields)
        where = tensor(self.material.first[classes][..., None] + places, device)
        turns = tensor(rows["rotation"], device)[..., None].expand_as(where)
        images, shot = rotated(self.material.images[where], turns), self.problem.shot
        class_id = QUARTERS * tensor(classes, device)[..., None] + turns[..., :1]
        return Episode(examples(images[:, :, :shot], class_id), examples(images[:, :, shot:], class_id))


def mapped_images(path: Path, cure: str) -> np.ndarray:
    """An array of images, mapped into memory: nothing is read before it is needed."""
    images = read_array(path, cure, mapped=True)
    if images.dtype != np.uint8:
        raise UserError(f"{path}: not an array of images: {cure}")
    return images


def tensor(values: np.ndarray, device: torch.device) -> Int[Tensor, ...]:
    """Whole numbers on a device."""
    import torch

    return torch.from_numpy(values.astype(np.int64)).to(device)


def rotated(
    images: UInt8[Tensor, "*n side side channel"], turns: Int[Tensor, "*n"]
) -> UInt8[Tensor, "*n side side channel"]:
    """Each image turned counter-clockwise by its own number of quarter turns."""
    import torch

    out = images.clone()
    for quarter in range(1, QUARTERS):
        chosen = turns == quarter
        if images.device.type == "cpu":
            out[chosen] = images[chosen].rot90(quarter, (-3, -2))
        else:  # counting the chosen ones would wait for the device
            out = torch.where(chosen[..., None, None, None], images.rot90(quarter, (-3, -2)), out)
    return out


def examples(
    images: UInt8[Tensor, "episodes way k height width channel"], class_id: Int[Tensor, "episodes way 1"]
) -> Examples:
    """Shot by shot, as floats in [0, 1]."""
    import torch

    episodes, way, k = images.shape[:3]
    x = images.transpose(1, 2).flatten(1, 2).float() / 255
    y = torch.arange(way, device=images.device).repeat(k).expand(episodes, -1)
    return Examples(x, y, class_id.squeeze(2).repeat(1, k))


def _parts(count: int, width: int) -> list[slice]:
    """The rows 0 .. count - 1, so many at a time that their random numbers fit into memory."""
    step = max(1, DRAWN_AT_ONCE // width)
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]
