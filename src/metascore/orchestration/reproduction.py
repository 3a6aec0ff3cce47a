"""Whether results made anew are those that were published: bit by bit, or within their intervals on another machine."""

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Results:
    """What is compared: digests.json and the table of scores."""

    digests: dict[str, Any]
    scores: pd.DataFrame


@dataclass(frozen=True)
class Verdict:
    """Whether the results agree, and what to say about it, a line each."""

    agree: bool
    lines: list[str]


def compare(published: Results, anew: Results) -> Verdict:
    """Equal digests are best. On a machine that differs, MetaScores agree whose 95 % intervals overlap."""
    changed = _different(published.digests["files"], anew.digests["files"])
    if not changed:
        return Verdict(True, [f"bit-identical: all {len(anew.digests['files'])} checkpoints, scores and metrics"])
    facts = _different(published.digests["machine"], anew.digests["machine"])
    told = [f"{len(changed)} of {len(anew.digests['files'])} files differ, such as {changed[0]}"]
    if not facts:
        return Verdict(False, [*told, "the machine is the same: please report this as a defect"])
    told += [f"{fact}: {published.digests['machine'].get(fact)} there, {_here(anew, fact)} here" for fact in facts]
    apart = _apart(published.scores, anew.scores)
    if apart:
        return Verdict(False, [*told, f"MetaScores whose 95 % intervals don't overlap: {', '.join(apart)}"])
    return Verdict(
        True, [*told, f"within the tolerance: the 95 % intervals of all {len(anew.scores)} MetaScores overlap"]
    )


def compare_sample(published: dict[str, Any], anew: dict[str, str], machine: dict[str, Any]) -> Verdict:
    """Of some runs: `anew` has digests of their files, by name, made on this machine; `published` is digests.json."""
    expected = {name: published["files"].get(name) for name in anew}
    changed = _different(expected, anew)
    if not changed:
        return Verdict(True, [f"bit-identical: all {len(anew)} checkpoints and scores of the sample"])
    facts = _different(published["machine"], machine)
    told = [f"{len(changed)} of {len(anew)} files differ, such as {changed[0]}"]
    told += [f"{fact}: {published['machine'].get(fact)} there, {machine.get(fact)} here" for fact in facts]
    cure = "bits say nothing here: `make reproduce` compares intervals" if facts else "please report this as a defect"
    return Verdict(False, [*told, cure])


def _different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The keys whose values differ, and those that only one of them has."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def _here(anew: Results, fact: str) -> Any:
    return anew.digests["machine"].get(fact)


def _apart(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """task/learner of the rows whose intervals of the MetaScore don't overlap."""
    both = one.merge(other, on=["task", "learner"], how="outer", suffixes=("", "_anew"))
    overlap = (both["metascore_low"] <= both["metascore_high_anew"]) & (
        both["metascore_low_anew"] <= both["metascore_high"]
    )
    return [f"{row['task']}/{row['learner']}" for row in both[~overlap].to_dict("records")]
