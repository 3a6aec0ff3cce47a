"""One picture as numbers: as a viewer shows it, at the size and with the channels that are asked for.

Palettes, transparency, 16 bits, a printer's inks, several frames and the orientation that a camera noted are resolved
*before* the picture is resized, with antialiasing.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # a file's content decides, and not its suffix
ENOUGH = 2  # times the wanted size: what JPEG files are decoded at, at least, where they are larger
WIDE = ("I;16", "I;16L", "I;16B", "I;16N", "I")  # Pillow's modes of more than 8 bits
DEPTHS = (8, 10, 12, 14, 16, 24, 32)  # bits a pixel that cameras and scanners use
DEEPEST = 16  # bits of a picture in one of the modes WIDE, where nothing else is known
PAPER = "white"  # what lies behind transparent pixels
BAD = (OSError, ValueError, SyntaxError, EOFError, UnidentifiedImageError, MemoryError)  # what Pillow raises

Image.init()  # registers all formats


class Unreadable(Exception):
    """A file that should be a picture, and why it is none."""


@dataclass(frozen=True)
class Look:
    """How pictures are to be seen."""

    size: int  # pixels of a side; a picture that is not square is squeezed
    channels: int  # 1: grey, 3: red, green, blue
    invert: bool = False  # 255 becomes 0: for dark ink on light paper

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        return (self.size, self.size, self.channels)


class Picture(NamedTuple):
    """Pixels at the wanted size, and a digest of the picture as its file has it, alike in all lossless formats."""

    pixels: UInt8[np.ndarray, "size size channels"]
    digest: bytes


def is_picture(path: Path) -> bool:
    """Return whether a file's suffix, or its content where it has no suffix, is that of a picture."""
    if path.suffix:
        return path.suffix.lower() in SUFFIXES
    with suppress(*BAD), Image.open(path, formats=FORMATS):
        return True
    return False


def depth(paths: Iterable[Path]) -> int:
    """Return the bits a pixel of all pictures that have more than 8: 12 where the largest value is at most 4095.

    It is one number for a data set, so that dark pictures stay dark. Files that cannot be read are passed over.
    """
    with no_bombs(), ThreadPoolExecutor(cores()) as threads:
        highest = max(threads.map(_highest, paths), default=0)
    return next(bits for bits in DEPTHS if bits >= highest.bit_length()) if highest else DEEPEST


def _highest(path: Path) -> int:
    """Return the largest value of a picture of more than 8 bits, and 0 for any other."""
    bombs = Image.DecompressionBombError, Image.DecompressionBombWarning
    with suppress(*BAD, *bombs), Image.open(path, formats=FORMATS) as image:
        return max(0, int(np.asarray(image).max())) if image.mode in WIDE else 0
    return 0


def cores() -> int:
    """Return the number of threads that decode: Pillow releases Python's lock meanwhile."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read(path: Path, look: Look, bits: int = DEEPEST) -> Picture:
    """Read a picture; `bits` is what `depth` says of the data set.

    Raises Unreadable, in words, where there is no picture, or one that is too large (`no_bombs`).
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            image.draft(None, (ENOUGH * look.size, ENOUGH * look.size))  # of JPEG files only
            digest = _digest(image, path)
            seen = _plain(ImageOps.exif_transpose(image), "L" if look.channels == 1 else "RGB", bits)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Unreadable("too many pixels to be meant") from error
    except BAD as error:
        raise Unreadable(_in_words(error)) from error
    small = np.asarray(seen.resize((look.size, look.size), Image.Resampling.LANCZOS), dtype=np.uint8)
    pixels = 255 - small if look.invert else small
    return Picture(pixels.reshape(look.shape), digest)


@contextmanager
def no_bombs() -> Iterator[None]:
    """Make files that decompress to more pixels than Pillow finds safe an error, not a warning. Not for threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _plain(image: Image.Image, mode: str, bits: int) -> Image.Image:
    """Return the picture with eight bits a channel and without transparency."""
    if image.mode == "F":
        raise ValueError("its numbers are fractions of an unknown range: save it with 8 or 16 bits")
    if image.mode in WIDE:
        limit = 2**bits - 1
        image = Image.fromarray(np.rint(np.asarray(image).clip(0, limit) * (255 / limit)).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, PAPER), image)
    return image.convert(mode)


def _digest(image: Image.Image, path: Path) -> bytes:
    """Digest the pixels before any conversion that makes two pictures alike; the file, where Pillow reduces them."""
    if image.format in ("JPEG", "MPO") or _is_reduced(image):
        return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
    if image.mode not in (*WIDE, "F"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image = ImageOps.exif_transpose(image)
    digest = hashlib.blake2b(repr((image.mode, image.size)).encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.digest()


def _is_reduced(image: Image.Image) -> bool:
    """Return whether Pillow decodes 16 bits of each colour to 8."""
    return image.mode not in WIDE and any(";16" in str(tile) for tile in getattr(image, "tile", ()))


def _in_words(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no picture of a known format"
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
