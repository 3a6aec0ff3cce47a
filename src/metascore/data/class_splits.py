"""Splits of a data set of the user's own.

class   classes shuffled by a seed, irrespective of group
group   whole groups shuffled by a seed: no test class has a relative among those trained on
parts   folders named after parts, such as train, val and test, around the classes
file    the user's own lists of class names
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from metascore.data.classes import Row
from metascore.data.namesakes import namesakes, part_of_class
from metascore.data.splits import PARTS, Split, check_split, from_lists
from metascore.errors import UsageError, UserError
from metascore.randomness import numpy_generator

SHARE = 0.2  # of classes or groups for validation, and for test, where their numbers are not stated

log = logging.getLogger(__name__)


def make(table: Sequence[Row], settings: Mapping[str, Any], culprit: str) -> Split:
    """Return the sorted class indices of train, validation and test, disjoint and not empty.

    `culprit` is the key of `settings` in params.yaml. Raises UsageError where they ask for the impossible, UserError
    where lists are wrong or where two folders contain the same class.
    """
    names = [row.name for row in table]
    if settings["name"] == "file":
        split = from_lists(names, settings, culprit)
        used = sorted(index for indices in split.values() for index in indices)
        check_namesakes([names[index] for index in used], "file", culprit)
    else:
        check_namesakes(names, settings["name"], culprit)
        split = _of_folders(names, culprit) if settings["name"] == "parts" else _shuffled(table, settings, culprit)
    split = {part: sorted(split[part]) for part in PARTS}
    check_split(split, names, culprit)
    return split


def check_namesakes(names: Sequence[str], kind: str, culprit: str) -> None:
    """Refuse two folders of one class among the classes that a split of this kind uses; warn where that is unsure."""
    found = namesakes(names)
    if not found.pairs:
        if kind in ("class", "group") and found.certain:
            log.warning(f"{culprit}: classes lie in folders named after parts, which `split: {{name: parts}}` keeps")
        return
    one, other = found.pairs[0]
    lists_decide = kind == "file" and part_of_class(one) == part_of_class(other)
    if found.certain and not lists_decide:
        raise UserError(
            f"{culprit}: {one} and {other} are one class, which would be both trained and tested on: put all pictures "
            "of a class into one folder, or all classes of a part into one (`split: {name: parts}`)"
        )
    log.warning(
        f"{culprit}: {one} and {other} ({len(found.pairs)} such pairs) have one name: if they are one class, put all "
        "its pictures into one folder"
    )


def _shuffled(table: Sequence[Row], settings: Mapping[str, Any], culprit: str) -> Split:
    """Put each class where its unit, itself or its group, goes."""
    what, units = ("classes", [row.name for row in table])
    if settings["name"] == "group":
        what, units = ("groups", [row.group for row in table])
    names = sorted(set(units))
    if len(names) < len(PARTS):
        raise UsageError(f"{culprit}: {len(names)} {what} in all: give at least one for each of {', '.join(PARTS)}")
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


def _of_folders(names: Sequence[str], culprit: str) -> Split:
    """Put each class where the folder around it says."""
    split: Split = {part: [] for part in PARTS}
    for index, name in enumerate(names):
        part = part_of_class(name)
        if part is None:
            raise UserError(f"{culprit}: {name} is in no folder called {', '.join(PARTS)}: move it into one")
        split[part].append(index)
    return split
