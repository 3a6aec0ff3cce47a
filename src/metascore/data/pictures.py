"""One picture as numbers: what a viewer would show, at the size and with the channels that are asked for.

Whatever the file holds (a palette, transparency, 16 bits, inks of a printer, several frames, a camera's note on which
way is up), it becomes grey or colour *before* it is resized, with antialiasing.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")  # what the suffix says is not believed
ENOUGH = 2  # times the wanted size: what JPEG files are decoded at, at least, where they are larger
SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N", "I")
PAPER = "white"  # what lies behind transparent pixels
BAD = (OSError, ValueError, SyntaxError, EOFError, UnidentifiedImageError, MemoryError)  # what Pillow raises

Image.init()  # or Pillow would not know all of them


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
    """A picture as it is seen, and a digest of its pixels before they were resized, alike in all lossless formats."""

    pixels: UInt8[np.ndarray, "size size channels"]
    digest: bytes


def read(path: Path, look: Look) -> Picture:
    """Raises Unreadable, in words, where there is no picture, or one too large to be meant (`no_bombs`)."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            image.draft(None, (ENOUGH * look.size, ENOUGH * look.size))  # of JPEG files only
            shown = _plain(ImageOps.exif_transpose(image), "L" if look.channels == 1 else "RGB")
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Unreadable("too many pixels to be meant") from error
    except BAD as error:
        raise Unreadable(_in_words(error)) from error
    small = np.asarray(shown.resize((look.size, look.size), Image.Resampling.LANCZOS), dtype=np.uint8)
    pixels = 255 - small if look.invert else small
    return Picture(pixels.reshape(look.shape), _digest(shown))


@contextmanager
def no_bombs() -> Iterator[None]:
    """A file that decompresses to more pixels than Pillow finds safe is an error, not a warning. Not for threads."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """Eight bits a channel, nothing transparent."""
    if image.mode == "F":
        raise ValueError("its numbers are fractions, whose brightness nobody knows: save it with 8 or 16 bits")
    if image.mode in SIXTEEN_BITS:
        image = Image.fromarray(np.rint(np.asarray(image).clip(0, 65535) / 257).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, PAPER), image)
    return image.convert(mode)


def _digest(image: Image.Image) -> bytes:
    digest = hashlib.blake2b(repr((image.mode, image.size)).encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.digest()


def _in_words(error: BaseException) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "no picture of a known format"
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
