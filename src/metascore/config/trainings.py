"""Which training a run is evaluated with.

Mostly its own. A budget's `trained_on` names another task, an entry's `trained_as` another entry: the training on that
task, as that entry, is then shared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from metascore.config.entries import Entry

Pair = tuple[str, str]  # a task and a learner
Rows = Mapping[str, Mapping[str, str | None]]  # `trained_on`: by task, and by learner or `all`, another task


def shared(pairs: Collection[Pair], entries: Mapping[str, Entry], trained_on: Rows) -> dict[Pair, Pair]:
    """The pairs without a training of their own, each with the pair whose training it shares."""
    found = {}
    for task, learner in pairs:
        rows = trained_on.get(task, {})
        on = rows.get(learner, rows.get("all")) or task
        trained = (on, _trained_as(learner, entries))
        found[task, learner] = trained if trained in pairs else (on, learner)
    return {pair: trained for pair, trained in found.items() if trained != pair}


def _trained_as(learner: str, entries: Mapping[str, Entry]) -> str:
    """The entry at the end of a chain of `trained_as`."""
    seen = {learner}
    while (other := entries[learner].trained_as) is not None and other in entries and other not in seen:
        seen.add(other)
        learner = other
    return learner
