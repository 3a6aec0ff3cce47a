"""Runs for which new code has been shown to be old code, in a file that git keeps. Must not import torch.

`metascore vouch` writes it. A rule asks here for the digest of its code: where an entry says that the code of today
repeats what a run's recorded code did, that is the recorded one, and Snakemake has nothing to do. The file lies in
`workflow`, on which all of DVC's stages depend.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from metascore.errors import UserError
from metascore.files import read_json, write_json
from metascore.store.paths import Job

PATH = Path("workflow/vouched.json")
DELETE = f"correct it, or delete it and run `metascore vouch` again ({PATH})"

Entry = dict[str, Any]  # recorded, now: digests of code; how that was shown
Entries = dict[str, dict[str, Entry]]  # by run, then by stage


def key(budget: str, job: Job) -> str:
    """What an entry is found by."""
    return f"{budget}/{job.task}/{job.learner}/{job.seed}"


def read(path: Path = PATH) -> Entries:
    """All entries; none where there is no file. Raises UserError where it is damaged."""
    if not path.exists():
        return {}
    entries = read_json(path)
    if not isinstance(entries, dict) or not all(map(_is_of_a_run, entries.values())):
        raise UserError(f"{path}: not entries by run and stage, each with `recorded` and `now`: {DELETE}")
    return entries


def write(entries: Entries, path: Path = PATH) -> None:
    """Replace the file."""
    write_json(path, entries)


def recorded(entries: Entries, budget: str, job: Job, stage: str, now: str) -> str:
    """The digest of code that a run's stage counts as: an older one, where this one was shown to do the same."""
    entry = entries.get(key(budget, job), {}).get(stage)
    return str(entry["recorded"]) if entry is not None and entry["now"] == now else now


def _is_of_a_run(stages: Any) -> bool:
    return isinstance(stages, dict) and all(
        isinstance(one, dict) and {"recorded", "now"} <= one.keys() for one in stages.values()
    )
