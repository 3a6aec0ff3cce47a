"""Episode index files: which characters, rotations and drawers (or which sine waves) make up each episode.

One structured row an episode, drawn once and frozen. A stream depends on (seed, part, shape) alone: not on the
learner, not on the training seed, and not on how many other streams are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from metascore.errors import UserError
from metascore.randomness import numpy_generator

CHARACTERS = 1623  # of Omniglot
DRAWERS = 20
SINE_AMPLITUDE = (0.1, 5.0)  # Finn et al. 2017, section 5.1
SINE_PHASE = (0.0, np.pi)
SINE_X = (-5.0, 5.0)


@dataclass(frozen=True)
class Shape:
    """The shape of the episodes of one file. Sine waves have way 1; query counts examples a class."""

    problem: str
    part: str
    way: int
    shot: int
    query: int

    @property
    def file(self) -> str:
        """Path relative to data/episodes."""
        way = "" if self.problem == "sine" else f"{self.way}w"
        return f"{self.problem}/{self.part}-{way}{self.shot}s{self.query}q.npy"


def draw_omniglot(shape: Shape, characters: list[int], count: int, rotate: bool, seed: int) -> np.ndarray:
    """Draw `count` episodes from `characters` (indices of one part of the split).

    Returns a structured array (count,) with `character` (way), `rotation` (way) in quarter turns and
    `drawer` (way, shot + query), of which the first `shot` are the support set. Characters are distinct within
    an episode, drawers within a class; each class has a rotation of its own (Finn et al. 2017).
    """
    if shape.way > len(characters):
        raise UserError(
            f"{shape.file}: {shape.way}-way episodes need {shape.way} characters, the {shape.part} part of the "
            f"split has {len(characters)}: lower `way` or enlarge split.{shape.part}"
        )
    random = numpy_generator(seed, "episodes", shape.file)
    rows = np.zeros(count, _omniglot_row(shape))
    picks = random.random((count, len(characters))).argpartition(shape.way - 1, axis=1)[:, : shape.way]
    rows["character"] = np.asarray(characters)[random.permuted(picks, axis=1)]
    turns = random.integers(0, 4, (count, shape.way))
    rows["rotation"] = turns if rotate else 0
    drawers = random.random((count, shape.way, DRAWERS)).argsort(axis=2)
    rows["drawer"] = drawers[..., : shape.shot + shape.query]
    return rows


def draw_sine(shape: Shape, count: int, grid: bool, seed: int) -> np.ndarray:
    """Draw `count` sine waves (Finn et al. 2017, section 5.1): amplitude, phase and the places x to look at.

    Returns a structured array (count,) with `amplitude`, `phase` (radians) and `x` (shot + query), the first
    `shot` of which are the support set. With `grid`, the query places are evenly spaced over the whole range.
    """
    random = numpy_generator(seed, "episodes", shape.file)
    rows = np.zeros(count, _sine_row(shape))
    rows["amplitude"] = random.uniform(*SINE_AMPLITUDE, count)
    rows["phase"] = random.uniform(*SINE_PHASE, count)
    rows["x"] = random.uniform(*SINE_X, (count, shape.shot + shape.query))
    if grid:
        rows["x"][:, shape.shot :] = np.linspace(*SINE_X, shape.query)
    return rows


def check_rows(rows: np.ndarray, shape: Shape, characters: int) -> None:
    """Raise UserError unless `rows` can be episodes of this shape over `characters` characters."""
    row = _sine_row(shape) if shape.problem == "sine" else _omniglot_row(shape)
    if rows.dtype != row or rows.ndim != 1 or not len(rows):
        raise UserError(f"data/episodes/{shape.file}: not an episode file of this shape: {_REDRAW}")
    if shape.problem == "sine":
        good = all(np.isfinite(rows[name]).all() for name in row.names or ())
    else:
        good = bool(
            rows["character"].min() >= 0
            and rows["character"].max() < characters
            and np.isin(rows["rotation"], range(4)).all()
            and np.isin(rows["drawer"], range(DRAWERS)).all()
        )
    if not good:
        raise UserError(f"data/episodes/{shape.file}: values out of range: {_REDRAW}")


_REDRAW = "delete the file and run the same command again to draw it anew"


def _omniglot_row(shape: Shape) -> np.dtype:
    drawers = (shape.way, shape.shot + shape.query)
    return np.dtype([("character", "<i2", (shape.way,)), ("rotation", "u1", (shape.way,)), ("drawer", "u1", drawers)])


def _sine_row(shape: Shape) -> np.dtype:
    return np.dtype([("amplitude", "<f4"), ("phase", "<f4"), ("x", "<f4", (shape.shot + shape.query,))])
