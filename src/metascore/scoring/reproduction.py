"""Whether results made again are the published ones: bit by bit or, on another machine, within their intervals."""

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Results:
    """Digests of files by name, facts of the machine that made them, and the table of scores of a whole run."""

    files: dict[str, str]
    machine: dict[str, Any]
    scores: pd.DataFrame | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether the results agree, and the lines to print."""

    agree: bool
    lines: list[str]


def compare(published: Results, again: Results) -> Verdict:
    """Equal digests agree. On another machine, MetaScores agree whose 95 % intervals overlap."""
    changed = _different(published.files, again.files)
    if not changed:
        return Verdict(True, [f"bit-identical: all {len(again.files)} files"])
    lines = [f"{len(changed)} of {len(again.files)} files differ, such as {changed[0]}"]
    facts = _different(published.machine, again.machine)
    if not facts:
        return Verdict(False, [*lines, "the machine is the same: please report this as a defect"])
    lines += [f"{fact}: {published.machine.get(fact)} there, {again.machine.get(fact)} here" for fact in facts]
    if published.scores is None or again.scores is None:
        return Verdict(False, [*lines, "another machine may give other bits: `make reproduce` compares intervals"])
    apart = _apart(published.scores, again.scores)
    if apart:
        return Verdict(False, [*lines, f"MetaScores whose 95 % intervals don't overlap: {', '.join(apart)}"])
    return Verdict(True, [*lines, f"the 95 % intervals of all {len(again.scores)} MetaScores overlap"])


def _different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The keys whose values differ, and those that only one of them has."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def _apart(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """task/learner of the rows whose intervals of the MetaScore don't overlap."""
    both = one.merge(other, on=["task", "learner"], how="outer", suffixes=("", "_again"))
    overlap = (both["metascore_low"] <= both["metascore_high_again"]) & (
        both["metascore_low_again"] <= both["metascore_high"]
    )
    return [f"{row['task']}/{row['learner']}" for row in both[~overlap].to_dict("records")]
