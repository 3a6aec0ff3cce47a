"""Splits: characters into meta-train, meta-validation and meta-test.

random   MAML's: characters shuffled by a seed, irrespective of alphabet (Finn et al. 2017: 1100/100/423)
lake     Lake et al. 2015: background and evaluation alphabets, the former less some for validation
file     the user's own lists of "Alphabet/characterNN"
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metascore.data.characters import character_names
from metascore.errors import UsageError, UserError
from metascore.files import read_json
from metascore.randomness import numpy_generator

if TYPE_CHECKING:  # half of the stages need `members` only, and would wait for pandas
    import pandas as pd

PARTS = ("train", "validation", "test")
VALIDATION_ALPHABETS = 5  # of the 30 background alphabets, for `lake`

Split = dict[str, list[int]]


def make_split(characters: pd.DataFrame, settings: dict[str, Any]) -> Split:
    """Return the sorted character indices of train, validation and test, disjoint and not empty.

    `characters` has the columns part, alphabet and character; `settings` is section `split` of params.yaml.
    Raises UsageError when the settings ask for the impossible, UserError when the lists are wrong.
    """
    kinds = {"random": _random, "lake": _lake, "file": _file}
    if settings["name"] not in kinds:
        raise UsageError(f"split.name: {settings['name']!r} is unknown: choose one of {', '.join(kinds)}")
    split = {part: sorted(members) for part, members in kinds[settings["name"]](characters, settings).items()}
    culprit = settings["file"] if settings["name"] == "file" else f"split {settings['name']}"
    check_split(split, character_names(characters), str(culprit))
    return split


def check_split(split: Split, names: list[str], culprit: str) -> None:
    """Raise UserError if a part is empty or two share a character; `names` are those of all characters."""
    seen: dict[int, str] = {}
    for part in PARTS:
        if not split[part]:
            raise UserError(f"{culprit}: {part} is empty: give it at least one character")
        for index in split[part]:
            if index in seen:
                raise UserError(f"{culprit}: {names[index]} is in {seen[index]} and {part}: keep it in one of them")
            seen[index] = part


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


def _file(characters: pd.DataFrame, settings: dict[str, Any]) -> Split:
    if not settings["file"]:
        raise UsageError("split.file: split.name 'file' needs it: name a JSON file or a folder of lists")
    path = Path(settings["file"])
    indices = {name: index for index, name in enumerate(character_names(characters))}
    return {part: _look_up(names, indices, f"{path}: {part}") for part, names in read_lists(path).items()}


def _look_up(names: Iterable[str], indices: dict[str, int], culprit: str) -> list[int]:
    """Return each character once: some lists count its rotations (a third component) as classes."""
    classes = {"/".join(name.split("/")[:2]) for name in names}
    unknown = sorted(classes - indices.keys())
    if unknown:
        raise UserError(f"{culprit}: {unknown[0]!r} is no character of these data: write Alphabet/characterNN")
    return [indices[name] for name in classes]


def read_lists(path: Path) -> dict[str, list[str]]:
    """Read three lists of names: a JSON file, or a folder with train.txt, validation.txt and test.txt.

    validation.txt may also be called val.txt. Raises UserError when one is missing or no list of names.
    """
    lists = _read_folder(path) if path.is_dir() else read_json(path)
    if not isinstance(lists, dict) or set(lists) != set(PARTS):
        raise UserError(f"{path}: must hold exactly the lists {', '.join(PARTS)}: correct it")
    for part, names in lists.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UserError(f'{path}: {part} is no list of names: write it as ["Alphabet/character01", ...]')
    return lists


def _read_folder(folder: Path) -> dict[str, list[str]]:
    files = {"train": ["train.txt"], "validation": ["validation.txt", "val.txt"], "test": ["test.txt"]}
    return {part: _read_lines(folder, names) for part, names in files.items()}


def _read_lines(folder: Path, names: list[str]) -> list[str]:
    path = next((folder / name for name in names if (folder / name).is_file()), folder / names[0])
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}: give it one Alphabet/characterNN a line") from error
