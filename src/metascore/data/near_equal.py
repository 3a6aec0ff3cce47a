"""Pictures that look alike in classes for training and for testing: copies that were resized or compressed again.

A picture's difference hash is 64 bits: whether each of 8 x 8 places is darker than the place to its right. Pictures
whose hashes differ in few bits are compared pixel by pixel.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL import Image

from metascore.data.classes import Row
from metascore.files import read_array

MOST_BITS = 3  # that differ: of four bands of 16 bits at least one is then equal
MOST_DIFFERENCE = 6.0  # mean absolute difference of pixels, of 255: a copy in JPEG has 2 to 3
LEAST_CONTRAST = 8.0  # standard deviation of pixels: pictures of one colour all look alike
MOST_CANDIDATES = 50  # pictures with an equal band that are compared

log = logging.getLogger(__name__)


def warn(split: dict[str, list[int]], table: Sequence[Row], images: Path, culprit: str) -> None:
    """Log the first picture of a test class that looks like one of another part, and the number of such pictures."""
    pixels = read_array(images, f"delete {images.parent} and run `snakemake`", mapped=True)
    owners = {k: row for row in table for k in _pictures(row)}
    test = [k for index in split["test"] for k in _pictures(table[index])]
    others = [k for part in ("train", "validation") for index in split[part] for k in _pictures(table[index])]
    found = list(near_equal(pixels, test, others))
    if found:
        one, other = found[0]
        log.warning(
            f"{culprit}: {_named(one, owners)}, a test class, looks like {_named(other, owners)}, which is not for "
            f"testing ({len(found)} such pictures): delete the copies, or unite the classes"
        )


def near_equal(
    images: UInt8[np.ndarray, "n size size channels"], some: Sequence[int], others: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield each of `some` pictures that looks like one of the `others`, with that one."""
    hashes = {k: difference_hash(images[k]) for k in others}
    places: dict[tuple[int, int], list[int]] = {}
    for k, bands in hashes.items():
        for place in enumerate(bands.tolist()):
            places.setdefault(place, []).append(k)
    for k in some:
        bands = difference_hash(images[k])
        if images[k].std() < LEAST_CONTRAST:
            continue
        candidates = (other for place in enumerate(bands.tolist()) for other in places.get(place, [])[:MOST_CANDIDATES])
        for other in dict.fromkeys(candidates):
            if np.bitwise_count(bands ^ hashes[other]).sum() <= MOST_BITS and _is_copy(images, k, other):
                yield k, other
                break


def difference_hash(image: UInt8[np.ndarray, "size size channels"]) -> UInt16[np.ndarray, " band"]:
    """Return a picture's 64 bits in four bands."""
    grey = Image.fromarray(image.mean(axis=2).astype(np.uint8)).resize((9, 8), Image.Resampling.BOX)
    small = np.asarray(grey, dtype=np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1]).view(np.uint16)


def _is_copy(images: np.ndarray, one: int, other: int) -> bool:
    return bool(np.abs(images[one].astype(np.int16) - images[other]).mean() <= MOST_DIFFERENCE)


def _pictures(row: Row) -> range:
    return range(row.first, row.first + row.count)


def _named(picture: int, owners: dict[int, Row]) -> str:
    row = owners[picture]
    return f"picture {picture - row.first + 1} of {row.name}"
