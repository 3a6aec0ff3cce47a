"""Outputs that Snakemake made here, told from files that came another way: from DVC, from git, by hand.

Snakemake compares a job's code and parameters with those that it recorded when it ran the job. A file that came
another way has no record, or that of a file which it replaced; Snakemake would take it for the job's work, and DVC
would then vouch for it. So such files are marked as incomplete here, and Snakemake makes them anew, unless
`make adopt` has checked them against dvc.lock.

A file is known by its digest, which a ledger keeps beside the modification time that Snakemake recorded: so a file
that was damaged since its job wrote it is found too. One that is as its job left it, but was checked out since, gets
its time back: Snakemake would take it for newer than what was made from it.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snakemake.persistence.file import FilePersistence

from metascore.errors import UserError
from metascore.files import read_json, sha256, write_json

Ledger = dict[str, list[Any]]  # path: [when Snakemake recorded it, SHA-256]
LEDGER = Path(".snakemake/metascore-outputs.json")


def reject_strangers(paths: Iterable[str]) -> list[str]:
    """Mark the outputs that were not made here as incomplete, and return them."""
    paths = [path for path in paths if Path(path).exists()]
    remember(paths)
    records, ledger = FilePersistence(), _read()
    known = {path: _recorded(path, records) for path in paths}
    strangers = [path for path, recorded in known.items() if not _is_known(path, recorded, ledger)]
    distrust(strangers)
    for path in known.keys() - set(strangers):
        _give_time_back(path, known[path])
    return strangers


def distrust(paths: Iterable[str]) -> None:
    """Have Snakemake make these outputs anew, whatever it recorded of them."""
    records = FilePersistence()
    for path in paths:
        # Snakemake has no public way to say this; the constraints pin the version that this was tried with.
        records._mark_incomplete(path, None)


def told(strangers: list[str]) -> str:
    """One line that names these files."""
    named = ", ".join(strangers[:5]) + (f" and {len(strangers) - 5} more" if len(strangers) > 5 else "")
    return f"not as their jobs here left them, so made anew: {named}; `make adopt` keeps what DVC recorded"


def remember(paths: Iterable[str]) -> None:
    """Keep the digests of the outputs that lie here as Snakemake recorded them."""
    records, ledger = FilePersistence(), _read()
    for path in paths:
        recorded = _recorded(path, records)
        if _is_untouched(path, recorded) and ledger.get(path, [None])[0] != recorded:
            ledger[path] = [recorded, sha256(path)]
    write_json(LEDGER, ledger)


def is_recorded(path: str) -> bool:
    """Whether an output lies here as Snakemake recorded it."""
    return _is_untouched(path, _recorded(path, FilePersistence()))


def _is_known(path: str, recorded: float | None, ledger: Ledger) -> bool:
    return recorded is not None and ledger.get(path) == [recorded, sha256(path)]


def _give_time_back(path: str, recorded: float | None) -> None:
    if recorded is not None and not _is_untouched(path, recorded):
        os.utime(path, (recorded, recorded))


def _is_untouched(path: str, recorded: float | None) -> bool:
    return Path(path).exists() and Path(path).stat().st_mtime == recorded


def _recorded(path: str, records: FilePersistence) -> float | None:
    """The modification time of an output when its job ended, in seconds since 1970; None if there was no job."""
    record = records._read_record(path)
    return record.endtime if record else None


def _read() -> Ledger:
    """The ledger; an empty one where it is missing or damaged."""
    try:
        ledger = read_json(LEDGER)
    except UserError:
        return {}
    return ledger if isinstance(ledger, dict) else {}
