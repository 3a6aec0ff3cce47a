"""Which training serves a run that has none of its own: by a budget's `trained_on`, and an entry's `paired_with`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from metascore.config.entries import EVERYONE, Entry

Pair = tuple[str, str]  # a task and a learner
Stated = Mapping[str, Mapping[str, str | None]]  # by task, and by learner or `all`: another task


def serving(pairs: Collection[Pair], entries: Mapping[str, Entry], stated: Stated) -> dict[Pair, Pair]:
    """The pairs that are not trained, each with the one whose training serves it too.

    A learner can be judged with what it learned on another task, and one that is paired with another, which trains
    alike, with what that one learned.
    """
    found = {}
    for task, learner in pairs:
        on, first = _other_task(task, learner, stated), _first(learner, entries)
        found[task, learner] = (on, first if (on, first) in pairs else learner)
    return {pair: other for pair, other in found.items() if other != pair}


def _other_task(task: str, learner: str, stated: Stated) -> str:
    rows = stated.get(task, {})
    return rows.get(learner, rows.get(EVERYONE[-1])) or task


def _first(learner: str, entries: Mapping[str, Entry]) -> str:
    """The entry that it is paired with, or that one in turn."""
    seen = {learner}
    while (twin := entries[learner].shares_training) is not None and twin in entries and twin not in seen:
        seen.add(twin)
        learner = twin
    return learner
