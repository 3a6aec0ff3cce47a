"""The pictures of a folder as one array on the disk and a table of classes, in bounded memory."""

from __future__ import annotations

import logging
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
from metascore.data.pictures import Look, Picture, Unreadable, cores, depth, no_bombs, read
from metascore.errors import UserError
from metascore.files import array_written
from metascore.text import printable

BATCH = 256  # pictures that are in memory at a time

log = logging.getLogger(__name__)


@dataclass
class Census:
    """What has been read so far: a row a class, the place of each picture, and the files that were left out."""

    rows: list[Row] = field(default_factory=list)
    seen: dict[bytes, tuple[str, Path]] = field(default_factory=dict)  # class and file, by digest
    left_out: list[tuple[Path, str]] = field(default_factory=list)
    twice: list[tuple[Path, Path]] = field(default_factory=list)  # the same picture in one class

    @property
    def count(self) -> int:
        """Pictures that were read."""
        return sum(row.count for row in self.rows)

    def enter(self, one: Class) -> None:
        """Begin a class."""
        self.rows.append(Row(one.name, one.group, first=self.count, count=0))

    def accepted(self, path: Path, picture: Picture | Unreadable) -> list[np.ndarray]:
        """Return the pixels of one more picture of the class that was begun last; none of an unreadable one.

        Raises UserError where another class has the same picture.
        """
        name = self.rows[-1].name
        if isinstance(picture, Unreadable):
            self.left_out.append((path, f"unreadable ({picture})"))
            return []
        its_class, other = self.seen.setdefault(picture.digest, (name, path))
        if its_class != name:
            raise UserError(
                f"{printable(str(path))}: the same picture as {other}, in another class: delete the wrong one"
            )
        if other != path:
            self.twice.append((path, other))
        self.rows[-1] = replace(self.rows[-1], count=self.rows[-1].count + 1)
        return [picture.pixels]


def write_pictures(target: Path, listing: Listing, look: Look) -> Census:
    """Write all readable pictures as uint8 (image, height, width, channel) into the file `target`.

    Raises UserError where a picture is in two classes, or none can be read.
    """
    census, bits = Census(left_out=list(listing.left_out)), depth(listing.files)
    with array_written(target, np.dtype(np.uint8), look.shape) as append:
        for pixels in _batches(listing, look, bits, census):
            append(pixels)
        if not census.count:
            raise UserError(f"{listing.files[0]}: unreadable, as all others are: give pictures that a viewer can show")
    census.rows = [row for row in census.rows if row.count]
    return census


def warn(census: Census) -> None:
    """Log one line for each reason to leave files out, with the first file and the number of others."""
    reasons: dict[str, list[Path]] = {}
    for path, reason in census.left_out:
        reasons.setdefault(reason, []).append(path)
    for reason, paths in reasons.items():
        log.warning("%s: left out: %s%s", printable(str(paths[0])), reason, _others(paths))
    if census.twice:
        path, other = census.twice[0]
        names = printable(str(path)), printable(other.name)
        log.warning("%s: the same picture as %s: both are kept%s", *names, _others(census.twice))


def _others(files: Sequence[object]) -> str:
    return f", and {len(files) - 1} more" if len(files) > 1 else ""


def _batches(
    listing: Listing, look: Look, bits: int, census: Census
) -> Iterator[UInt8[np.ndarray, "n size size channels"]]:
    total = len(listing.files)
    with no_bombs(), _progress(total) as progress, ThreadPoolExecutor(cores()) as threads:
        for one in listing.classes:
            census.enter(one)
            for start in range(0, len(one.files), BATCH):
                paths = one.files[start : start + BATCH]
                pictures = zip(paths, threads.map(partial(_try, look=look, bits=bits), paths), strict=True)
                taken = [pixels for path, picture in pictures for pixels in census.accepted(path, picture)]
                progress.update(len(paths))
                if taken:
                    yield np.stack(taken)


def _try(path: Path, look: Look, bits: int) -> Picture | Unreadable:
    try:
        return read(path, look, bits)
    except Unreadable as error:
        return error


def _progress(total: int) -> tqdm[Any]:
    return tqdm(total=total, desc="pictures", unit="", leave=False, disable=None)
