"""Pictures that a trained learner is shown: classes with as many pictures each, or pictures whose class is asked."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from metascore.data import folder
from metascore.data.pictures import SUFFIXES, Look, Unreadable, no_bombs, read
from metascore.errors import UserError

log = logging.getLogger(__name__)


def classes(place: Path, look: Look) -> tuple[list[str], UInt8[np.ndarray, "way shot size size channel"]]:
    """The names and pictures of a folder's classes: of each as many as the smallest has, the first ones by name."""
    found = folder.listed(place).classes
    if len(found) < 2:
        raise UserError(f"{place}: one class, {found[0].name}: give two or more, each a folder of pictures")
    counts = [len(one.files) for one in found]
    if len(set(counts)) > 1:
        smallest = found[counts.index(min(counts))]
        log.warning(f"{place}: the first {min(counts)} of each class are used: {smallest.name} has no more")
    images = [pixels([*one.files[: min(counts)]], look) for one in found]
    return [one.name for one in found], np.stack(images)


def files(place: Path) -> list[Path]:
    """A picture, or all pictures below a folder, hidden ones aside."""
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise UserError(f"{place}: no such file or folder: give a picture, or a folder of pictures")
    below = (Path(top) / name for top, _, names in os.walk(place) for name in names)
    shown = (path for path in below if not any(part.startswith(".") for part in path.relative_to(place).parts))
    found = sorted(path for path in shown if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise UserError(f"{place}: no picture: give some ({', '.join(SUFFIXES)})")
    return found


def pixels(paths: list[Path], look: Look) -> UInt8[np.ndarray, "n size size channel"]:
    """Raises UserError, with the file's name, where one is unreadable: here each was meant."""
    with no_bombs():
        return np.stack([_read(path, look) for path in paths])


def _read(path: Path, look: Look) -> UInt8[np.ndarray, "size size channel"]:
    try:
        return read(path, look).pixels
    except Unreadable as error:
        raise UserError(f"{path}: unreadable ({error}): give another picture") from error
