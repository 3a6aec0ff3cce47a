"""Characters of Omniglot, or the glyphs that stand in for them: their number, their names, and the parts of a split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metascore.errors import UserError

if TYPE_CHECKING:  # pandas is slow to import, and drawing episodes does not need it
    import pandas as pd

CHARACTERS = 1623
DRAWERS = 20  # of each character
SIDE = 28  # pixels of an image; Omniglot's originals have 105


def members(split: Any, part: str, culprit: str, characters: int) -> list[int]:
    """Return the character indices of one part of a split that was read from the file `culprit`.

    Raises UserError unless they are a list of numbers below `characters`.
    """
    found = split.get(part) if isinstance(split, dict) else None
    if not isinstance(found, list) or not found or not all(type(k) is int and 0 <= k < characters for k in found):
        cure = "delete it and run `metascore split`"
        raise UserError(f"{culprit}: `{part}` is no list of character indices from 0 to {characters - 1}: {cure}")
    return found


def character_names(characters: pd.DataFrame) -> list[str]:
    """Return "Alphabet/characterNN" of each character."""
    pairs = zip(characters["alphabet"], characters["character"], strict=True)
    return [f"{alphabet}/{character}" for alphabet, character in pairs]
