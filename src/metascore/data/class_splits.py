"""Splits of a data set of the user's own.

class   classes shuffled by a seed, irrespective of group
group   whole groups shuffled by a seed: no test class has a relative among those trained on
file    the user's own lists of class names
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from metascore.data.classes import Row
from metascore.data.splits import PARTS, Split, check_split, read_lists
from metascore.errors import UsageError, UserError
from metascore.randomness import numpy_generator

SHARE = 0.2  # of classes or groups for validation, and for test, where their numbers are not stated


def make(table: Sequence[Row], settings: Mapping[str, Any], culprit: str) -> Split:
    """Sorted class indices of train, validation and test, disjoint and not empty.

    `culprit` is the key of `settings` in params.yaml. Raises UsageError where they ask for the impossible, UserError
    where lists are wrong.
    """
    if settings["name"] == "file":
        split = _of_lists(table, settings, culprit)
    else:
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
