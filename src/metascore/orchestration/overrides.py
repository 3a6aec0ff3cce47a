"""What `dvc exp run -S` changes must reach a run: a number that a budget states again would change nothing.

Compared are the files of the experiment with those of the revision that it starts from, which DVC tells by a variable.
Must not import torch.
"""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

from metascore.config import documents
from metascore.config.documents import Document, Key, dotted
from metascore.config.entries import NO_NUMBERS, Stated
from metascore.config.params import Config
from metascore.errors import UsageError

BASELINE = "DVC_EXP_BASELINE_REV"
FOR = "for"


def check(config: Config, revision: str | None = None) -> None:
    """Raises UsageError where a number of a learner was changed for this experiment and no run comes to read it."""
    revision = revision or os.environ.get(BASELINE)
    if not revision:
        return
    for document in (config.file, config.of_budget):
        for key in _changed(_values_at(revision, document.file), document.values, ()):
            _check(config, document, key)


def _values_at(revision: str, file: str) -> Any:
    """The content of a file at a revision; nothing where it is not there, or can't be read."""
    shown = subprocess.run(("git", "show", f"{revision}:./{file}"), capture_output=True, text=True, check=False)
    try:
        return documents.parsed(shown.stdout, file).values if shown.returncode == 0 else None
    except UsageError:
        return None


def _changed(before: Any, now: Any, key: Key) -> Iterator[Key]:
    """The keys of numbers that are new or have another value."""
    if isinstance(now, dict):
        for name, value in now.items():
            yield from _changed(before.get(name) if isinstance(before, dict) else None, value, (*key, name))
    elif now != before:
        yield key


def _check(config: Config, document: Document, key: Key) -> None:
    number = _number(key)
    if number is None:
        return
    found = _stated(config, key[1], number)
    if any(one.key == key and one.document.file == document.file for one in found):
        return
    winner = next((f"{one.document.file} wins ({dotted(one.key)})" for one in found), None)
    reason = winner or f"no run of budget {config.budget} reads it"
    raise document.wrong(key, f"changed for this experiment, and {reason}: change what wins, or leave it as it was")


def _number(key: Key) -> str | None:
    """The name that a recipe has for a learner's number; None of other keys."""
    if key[0] != "learners" or len(key) < 3:
        return None
    inner = key[4:] if key[2] == FOR else key[2:]
    return ".".join(map(str, inner)) if inner and inner[0] not in NO_NUMBERS else None


def _stated(config: Config, learner: str, number: str) -> list[Stated]:
    """A number as it reaches the runs of an entry; those of others where it has none, as `all`, or one to be like."""
    pairs = config.pairs()
    own = [pair for pair in pairs if pair[1] == learner]
    found = (config.stated(*pair).get(number) for pair in own or pairs)
    return [one for one in found if one is not None]
