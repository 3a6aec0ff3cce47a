"""Pictures for a trained learner: a support set of classes with equally many pictures each, and queries."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from metascore.data import folder
from metascore.data.pictures import SUFFIXES, Look, Picture, Unreadable, depth, no_bombs, read
from metascore.errors import UserError
from metascore.text import printable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Support:
    """The names of classes, and as many picture files of each."""

    names: list[str]
    files: list[list[Path]]

    @property
    def shot(self) -> int:
        """Pictures of each class."""
        return len(self.files[0])


@dataclass(frozen=True)
class Shown:
    """Pixels of a list of pictures, and digests by which equal pictures are found."""

    pixels: UInt8[np.ndarray, "n size size channels"]
    digests: list[bytes]


def support(place: Path) -> Support:
    """List a folder's classes: of each as many pictures as the smallest class has, the first ones by name."""
    found = folder.listed(place).classes
    if len(found) < 2:
        raise UserError(f"{place}: one class, {found[0].name}: give two or more, each a folder of pictures")
    counts = [len(one.files) for one in found]
    if len(set(counts)) > 1:
        smallest = found[counts.index(min(counts))]
        log.warning(f"{place}: the first {min(counts)} of each class are used: {smallest.name} has no more")
    return Support([one.name for one in found], [[*one.files[: min(counts)]] for one in found])


def files(place: Path) -> list[Path]:
    """List a picture, or all pictures below a folder."""
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise UserError(f"{place}: no such file or folder: give a picture, or a folder of pictures")
    found = sorted(folder.walk(place, place.resolve(), []))
    if not found:
        raise UserError(f"{place}: no picture: give some ({', '.join(SUFFIXES)})")
    return found


def read_all(groups: Iterable[list[Path]], look: Look) -> list[Shown]:
    """Read groups of pictures at one depth of bits. Raises UserError, with the file's name, where one is unreadable."""
    groups = list(groups)
    bits = depth(path for paths in groups for path in paths)
    with no_bombs():
        read_groups = [[_read(path, look, bits) for path in paths] for paths in groups]
    return [Shown(np.stack([one.pixels for one in group]), [one.digest for one in group]) for group in read_groups]


def _read(path: Path, look: Look, bits: int) -> Picture:
    try:
        return read(path, look, bits)
    except Unreadable as error:
        raise UserError(f"{printable(str(path))}: unreadable ({error}): give another picture") from error
