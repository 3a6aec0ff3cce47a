"""Splits: characters into meta-train, meta-validation and meta-test.

random   MAML's: characters shuffled by a seed, irrespective of alphabet (Finn et al. 2017: 1100/100/423)
lake     Lake et al. 2015: background and evaluation alphabets, the former less some for validation
file     the user's own lists of "Alphabet/characterNN"
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metascore.data.characters import character_names
from metascore.errors import UsageError, UserError
from metascore.files import expanded, read_json
from metascore.randomness import numpy_generator
from metascore.text import normalised

if TYPE_CHECKING:  # slow to import, and needed for annotations only
    import pandas as pd

PARTS = ("train", "validation", "test")
VALIDATION_ALPHABETS = 5  # of the 30 background alphabets, for `lake`

Split = dict[str, list[int]]


def make_split(characters: pd.DataFrame, settings: dict[str, Any]) -> Split:
    """Return the sorted character indices of train, validation and test, disjoint and not empty.

    `characters` has the columns part, alphabet and character; `settings` is section `split` of params.yaml.
    Raises UsageError when the settings ask for the impossible, UserError when the lists are wrong.
    """
    names, culprit = character_names(characters), f"split {settings['name']}"
    if settings["name"] == "random":
        split = _random(characters, settings)
    elif settings["name"] == "lake":
        split = _lake(characters, settings)
    elif settings["name"] == "file":
        # Some published lists count the rotations of a character, a third component, as classes.
        split, culprit = from_lists(names, settings, "split", components=2), str(settings["file"])
    else:
        raise UsageError(f"split.name: {settings['name']!r} is unknown: choose one of random, lake, file")
    split = {part: sorted(split[part]) for part in PARTS}
    check_split(split, names, culprit)
    return split


def check_split(split: Split, names: Sequence[str], culprit: str) -> None:
    """Raise UserError if a part is empty or two share a class; `names` are those of all classes."""
    seen: dict[int, str] = {}
    for part in PARTS:
        if not split[part]:
            raise UserError(f"{culprit}: {part} is empty: give it at least one class")
        for index in split[part]:
            if index in seen:
                raise UserError(f"{culprit}: {names[index]} is in {seen[index]} and {part}: keep it in one of them")
            seen[index] = part


def from_lists(names: Sequence[str], settings: Mapping[str, Any], culprit: str, components: int | None = None) -> Split:
    """Return the indices of the classes in the user's lists, each once; only `components` of a name are compared.

    `settings["file"]` is a JSON file with three lists of names, or a folder with train.txt, validation.txt (or val.txt)
    and test.txt, a name a line.
    """
    if not settings.get("file"):
        raise UsageError(f"{culprit}.file: the split 'file' needs it: name a JSON file or a folder of lists")
    path = expanded(settings["file"])
    indices = {normalised(name): index for index, name in enumerate(names)}
    split: Split = {}
    for part, listed in _read_lists(path).items():
        wanted = dict.fromkeys("/".join(normalised(name).split("/")[:components]) for name in listed)
        unknown = sorted(wanted.keys() - indices.keys())
        if unknown:
            raise UserError(f"{path}: {part}: {unknown[0]!r} is no class of these data: write it as {names[0]!r}")
        split[part] = [indices[name] for name in wanted]
    return split


def _random(characters: pd.DataFrame, settings: dict[str, Any]) -> Split:
    counts = [settings[part] for part in PARTS]
    if min(counts) < 1 or sum(counts) > len(characters):
        wanted = " + ".join(map(str, counts))
        raise UsageError(f"split: {wanted} characters: let each be 1 or more, all at most {len(characters)}")
    order = numpy_generator(settings["seed"], "split").permutation(len(characters)).tolist()
    starts = [sum(counts[:i]) for i in range(len(counts))]
    return {part: order[start : start + size] for part, start, size in zip(PARTS, starts, counts, strict=True)}


def _lake(characters: pd.DataFrame, settings: dict[str, Any]) -> Split:
    evaluation = (characters["part"] == "evaluation").to_numpy()
    alphabets = sorted(set(characters["alphabet"][~evaluation]))
    if len(alphabets) <= VALIDATION_ALPHABETS:
        raise UsageError(f"split.name: lake holds out {VALIDATION_ALPHABETS} background alphabets of {len(alphabets)}")
    chosen = numpy_generator(settings["seed"], "split").permutation(len(alphabets))[:VALIDATION_ALPHABETS]
    held_out = characters["alphabet"].isin([alphabets[i] for i in chosen]).to_numpy()
    masks = {"train": ~evaluation & ~held_out, "validation": held_out, "test": evaluation}
    return {part: mask.nonzero()[0].tolist() for part, mask in masks.items()}


def _read_lists(path: Path) -> dict[str, list[str]]:
    lists = _read_folder(path) if path.is_dir() else read_json(path)
    if not isinstance(lists, dict) or set(lists) != set(PARTS):
        raise UserError(f"{path}: must contain exactly the lists {', '.join(PARTS)}: correct it")
    for part, names in lists.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UserError(f'{path}: {part} is no list of names: write it as ["Alphabet/character01", ...]')
    return lists


def _read_folder(folder: Path) -> dict[str, list[str]]:
    files = {part: folder / f"{part}.txt" for part in PARTS}
    if not files["validation"].is_file() and (folder / "val.txt").is_file():
        files["validation"] = folder / "val.txt"
    return {part: _read_lines(path) for part, path in files.items()}


def _read_lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}: give it the name of one class a line") from error
