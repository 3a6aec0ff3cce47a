"""Omniglot as arrays: 1623 characters of 50 alphabets, each drawn once by 20 drawers.

Lake, Salakhutdinov and Tenenbaum (2015): Human-level concept learning through probabilistic program
induction.
"""

import io
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import pandas as pd
from jaxtyping import UInt8
from PIL import Image

from metascore.data.characters import SIDE

COLUMNS = ("part", "alphabet", "character")


def read_omniglot(
    parts: Sequence[tuple[str, dict[str, bytes]]],
) -> tuple[UInt8[np.ndarray, "character drawer 28 28"], pd.DataFrame]:
    """Return all images (ink = 255) and the table of characters (index, part, alphabet, character).

    `parts` are pairs of a part's name and its verified PNG files (FOLDER/ALPHABET/CHARACTER/DRAWING.png).
    Characters are in the order of the parts and of their sorted paths, drawings in the order of the drawers.
    """
    characters: dict[tuple[str, str, str], list[np.ndarray]] = {}
    for part, drawings in parts:
        for path in sorted(drawings):
            alphabet, character = PurePosixPath(path).parts[1:3]
            characters.setdefault((part, alphabet, character), []).append(decode(drawings[path]))
    return np.array(list(characters.values()), dtype=np.uint8), characters_table(list(characters))


def characters_table(rows: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    """Return the table of characters: part, alphabet and character, indexed from 0."""
    return pd.DataFrame(rows, columns=list(COLUMNS)).rename_axis("index")


def decode(png: bytes) -> UInt8[np.ndarray, "28 28"]:
    """Return a drawing's ink.

    The original has one bit a pixel. It becomes grey *before* resizing: Pillow would resize one-bit images by
    nearest neighbour, whatever filter one asks for, and break thin strokes.
    """
    with Image.open(io.BytesIO(png)) as image:
        small = image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return 255 - np.asarray(small, dtype=np.uint8)
