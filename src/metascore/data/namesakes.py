"""Classes in several folders that may be one class: a test class that is trained on under another name.

Evidence is the names of folders: those of parts (train, valid, test), or two or three outermost folders with the same
classes in each. Numbered names such as character01 are weak evidence, because alphabets share them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import PurePosixPath

from metascore.text import normalised

WORDS = {
    "train": "train|training|base|background",
    "validation": "val|valid|validation|dev|development",
    "test": "test|testing|eval|evaluation|novel",
}
FILLERS = "set|data|dataset|images?|imgs?|pictures?|photos?|split|part|folder|classes|class|jpg|png"
LARGELY = 0.8  # of the smaller folder's classes are in the other folder too
PARTLY = 0.5
MOST_FOLDERS = 3  # more outermost folders with the same names of classes are groups, such as alphabets
NUMBERED = re.compile(r"[a-z]*[\W_]*\d{1,4}|.", re.IGNORECASE)


@dataclass(frozen=True)
class Namesakes:
    """Pairs of classes that are probably one; `certain` where their folders are named after parts of a split."""

    pairs: list[tuple[str, str]]
    certain: bool


def part_of_folder(folder: str) -> str | None:
    """Return the part that a folder's name stands for, in any case and spelling, such as Valid_Set or 01-training."""
    words = re.sub(rf"[\W\d_]+|\b({FILLERS})\b", " ", re.sub(r"[\W\d_]+", " ", folder.casefold())).split()
    words = [re.sub(rf"(?<=[a-z]{{3}})({FILLERS})$", "", word) for word in words]
    return next((part for part, known in WORDS.items() if len(words) == 1 and re.fullmatch(known, words[0])), None)


def part_of_class(name: str) -> str | None:
    """Return the part after which a folder in a class's name is called, where the name has several folders."""
    folders = PurePosixPath(name).parts
    return next(filter(None, map(part_of_folder, folders)), None) if len(folders) > 1 else None


def namesakes(names: Sequence[str]) -> Namesakes:
    """Find classes, given by their folders, that are probably one class."""
    if len({part_of_class(name) for name in names} - {None}) > 1:
        pairs = _of_equal_names({name: _without_part(name) for name in names})
        return Namesakes([pair for pair in pairs if part_of_class(pair[0]) != part_of_class(pair[1])], certain=True)
    return _of_outermost_folders(names)


def _without_part(name: str) -> str:
    """Return a class's name without folders that are called after parts; empty where nothing else is left."""
    return "/".join(folder for folder in PurePosixPath(_folded(name)).parts if part_of_folder(folder) is None)


def _of_equal_names(short: dict[str, str]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for name, shortened in short.items():
        if shortened and first.setdefault(shortened, name) != name:
            yield first[shortened], name


def _of_outermost_folders(names: Sequence[str]) -> Namesakes:
    folders = _outermost_folders(names)
    found: list[tuple[str, str]] = []
    certain = False
    if 2 <= len(folders) <= MOST_FOLDERS:
        for one, other in combinations(folders.values(), 2):
            both = sorted(one.keys() & other.keys())
            share = len(both) / min(len(one), len(other))
            found += [(one[name], other[name]) for name in both if share >= PARTLY]
            certain |= share >= LARGELY and not all(NUMBERED.fullmatch(PurePosixPath(name).name) for name in both)
    return Namesakes(found, certain)


def _outermost_folders(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the classes of each outermost folder that has several: from the name below it to the whole name."""
    paths = {name: PurePosixPath(_folded(name)).parts for name in names}
    while len({parts[0] for parts in paths.values()}) == 1 and min(map(len, paths.values())) > 1:
        paths = {name: parts[1:] for name, parts in paths.items()}
    folders: dict[str, dict[str, str]] = {}
    for name, parts in paths.items():
        if len(parts) > 1:
            folders.setdefault(parts[0], {})["/".join(parts[1:])] = name
    return {folder: classes for folder, classes in folders.items() if len(classes) > 1}


def _folded(name: str) -> str:
    return normalised(name).casefold()
