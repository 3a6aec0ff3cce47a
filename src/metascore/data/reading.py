"""The pictures of a folder as one array on the disk and a table of classes, in bounded memory."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from tqdm import tqdm

from metascore.data.classes import Row
from metascore.data.folder import Class, Listing
from metascore.data.pictures import Look, Picture, Unreadable, no_bombs, read
from metascore.errors import UserError
from metascore.files import array_written

BATCH = 256  # pictures that are in memory at a time

log = logging.getLogger(__name__)


@dataclass
class Census:
    """What has been read so far: a row a class, where each picture was seen, what was left out."""

    rows: list[Row] = field(default_factory=list)
    seen: dict[bytes, tuple[str, Path]] = field(default_factory=dict)  # class and file, by digest
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    twice: list[tuple[Path, Path]] = field(default_factory=list)  # the same picture in one class

    @property
    def count(self) -> int:
        """Pictures that were taken in."""
        return sum(row.count for row in self.rows)

    def enter(self, one: Class) -> None:
        """A class begins."""
        self.rows.append(Row(one.name, one.group, first=self.count, count=0))

    def accepted(self, path: Path, picture: Picture | Unreadable) -> list[np.ndarray]:
        """The pixels of one more picture of the class that has begun, or none; raises UserError as `write_pictures`."""
        name = self.rows[-1].name
        if isinstance(picture, Unreadable):
            self.left_out.append((path, f"unreadable ({picture})"))
            return []
        its_class, other = self.seen.setdefault(picture.digest, (name, path))
        if its_class != name:
            raise UserError(f"{path}: the same picture as {other}, in another class: delete the wrong one")
        if other != path:
            self.twice.append((path, other))
        self.rows[-1] = replace(self.rows[-1], count=self.rows[-1].count + 1)
        return [picture.pixels]


def write_pictures(target: Path, listing: Listing, look: Look) -> Census:
    """Write all readable pictures as uint8 (image, height, width, channel) into the file `target`.

    Raises UserError where a picture is in two classes, or none can be read.
    """
    census = Census(left_out=list(listing.left_out))
    with array_written(target, np.dtype(np.uint8), look.shape) as append:
        for pixels in _batches(listing, look, census):
            append(pixels)
        if not census.count:
            raise UserError(f"{listing.files[0]}: unreadable, as all others are: give pictures that a viewer can show")
    census.rows = [row for row in census.rows if row.count]
    return census


def warn(census: Census) -> None:
    """One line for each reason to leave files out, with the first file and the number of others."""
    reasons: dict[str, list[Path]] = {}
    for path, reason in census.left_out:
        reasons.setdefault(reason, []).append(path)
    for reason, paths in reasons.items():
        log.warning("%s: left out: %s%s", paths[0], reason, _others(paths))
    if census.twice:
        path, other = census.twice[0]
        log.warning("%s: the same picture as %s: both are kept%s", path, other.name, _others(census.twice))


def _others(files: Sequence[object]) -> str:
    return f", and {len(files) - 1} more" if len(files) > 1 else ""


def _batches(listing: Listing, look: Look, census: Census) -> Iterator[UInt8[np.ndarray, "n size size channels"]]:
    total = len(listing.files)
    with no_bombs(), _progress(total) as progress, ThreadPoolExecutor(_cores()) as threads:
        for one in listing.classes:
            census.enter(one)
            for start in range(0, len(one.files), BATCH):
                paths = one.files[start : start + BATCH]
                pictures = zip(paths, threads.map(partial(_try, look=look), paths), strict=True)
                taken = [pixels for path, picture in pictures for pixels in census.accepted(path, picture)]
                progress.update(len(paths))
                if taken:
                    yield np.stack(taken)


def _try(path: Path, look: Look) -> Picture | Unreadable:
    try:
        return read(path, look)
    except Unreadable as error:
        return error


def _progress(total: int) -> tqdm[Any]:
    return tqdm(total=total, desc="pictures", unit="", leave=False, disable=None)


def _cores() -> int:
    """Pillow lets go of Python's lock while it decodes and resizes; the pictures are the same for any number."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
