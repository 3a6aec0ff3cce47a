"""Splits of a data set of the user's own.

class   classes shuffled by a seed, irrespective of group
group   whole groups shuffled by a seed: no test class has a relative among those trained on
parts   folders called train, validation (or val) and test around the classes
file    the user's own lists of class names
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from metascore.data.classes import Row
from metascore.data.splits import PARTS, Split, check_split, read_lists
from metascore.errors import UsageError, UserError
from metascore.randomness import numpy_generator

FOLDERS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}
SHARE = 0.2  # of classes or groups for validation, and for test, where their numbers are not stated

log = logging.getLogger(__name__)


def make(table: Sequence[Row], settings: Mapping[str, Any], culprit: str) -> Split:
    """Sorted class indices of train, validation and test, disjoint and not empty.

    `culprit` is the key of `settings` in params.yaml. Raises UsageError where they ask for the impossible, UserError
    where lists are wrong.
    """
    if settings["name"] == "file":
        split = _of_lists(table, settings, culprit)
    elif settings["name"] == "parts":
        split = _of_folders(table, culprit)
    else:
        _check_that_no_parts_are_meant(table, culprit)
        units = [row.name if settings["name"] == "class" else row.group for row in table]
        split = _shuffled(units, settings, culprit)
    split = {part: sorted(split[part]) for part in PARTS}
    check_split(split, [row.name for row in table], culprit)
    return split


def _shuffled(units: Sequence[str], settings: Mapping[str, Any], culprit: str) -> Split:
    """Each class goes where its unit, itself or its group, goes."""
    names, what = sorted(set(units)), "classes" if settings["name"] == "class" else "groups"
    fifth = max(1, round(SHARE * len(names)))
    held_out = {part: int(settings.get(part, fifth)) for part in ("validation", "test")}
    if sum(held_out.values()) >= len(names):
        wanted = " + ".join(f"{part} {count}" for part, count in held_out.items())
        raise UsageError(f"{culprit}: {wanted} leave nothing of {len(names)} {what} to train on: lower them")
    order = numpy_generator(settings.get("seed", 0), "split").permutation(len(names))
    ends = [held_out["validation"], sum(held_out.values())]
    its_part = {}
    for place, index in enumerate(order.tolist()):
        its_part[names[index]] = "validation" if place < ends[0] else "test" if place < ends[1] else "train"
    return {part: [index for index, unit in enumerate(units) if its_part[unit] == part] for part in PARTS}


def _of_folders(table: Sequence[Row], culprit: str) -> Split:
    """Each class goes where its outermost folder says; none may be in two parts under one name."""
    split: Split = {part: [] for part in PARTS}
    for index, row in enumerate(table):
        part = _part(row)
        if part is None:
            raise UserError(f"{culprit}: {row.name} is in no folder called {', '.join(FOLDERS)}: move it into one")
        split[part].append(index)
    _check_names(table, culprit)
    return split


def _check_that_no_parts_are_meant(table: Sequence[Row], culprit: str) -> None:
    """Folders called train and test are a division that somebody made, which would be shuffled."""
    folders = {row.name.split("/")[0] for row in table}
    if len({_part(row) for row in table}) > 1 and all(map(_part, table)):
        _check_names(table, culprit)
        log.warning(
            f"{culprit}: classes lie in folders called {', '.join(sorted(folders))}, which the split `parts` keeps"
        )


def _check_names(table: Sequence[Row], culprit: str) -> None:
    """A test class that was trained on under the same name."""
    seen: dict[str, str] = {}
    for row in table:
        name = row.name.partition("/")[2]
        if _part(row) != _part_of(seen.setdefault(name, row.name)):
            raise UserError(
                f"{culprit}: {seen[name]} and {row.name} are one class, to be learned and to be tested on: give each "
                f"class one folder, with all its pictures"
            )


def _part(row: Row) -> str | None:
    return _part_of(row.name)


def _part_of(name: str) -> str | None:
    """The part that a class's outermost folder names, where it has one around it."""
    outermost, inside, _ = name.partition("/")
    return FOLDERS.get(outermost.casefold()) if inside else None


def _of_lists(table: Sequence[Row], settings: Mapping[str, Any], culprit: str) -> Split:
    if not settings.get("file"):
        raise UsageError(f"{culprit}.file: the split 'file' needs it: name a JSON file or a folder of lists")
    path, indices = Path(settings["file"]), {row.name: index for index, row in enumerate(table)}
    lists = read_lists(path)
    for part, names in lists.items():
        unknown = sorted(set(names) - indices.keys())
        if unknown:
            raise UserError(f"{path}: {part}: {unknown[0]!r} is no class of these pictures: write its folder's name")
    return {part: [indices[name] for name in dict.fromkeys(names)] for part, names in lists.items()}
