"""Snakemake's lock after a kill -9: taken away when its owner is certainly dead, and only then.

Each Snakemake process leaves a record of itself before it can take the lock, and removes it when it ends. A lock that
outlived all recorded processes is a dead one's. A process on another host can't be seen from here and counts as alive.
One whose DVC was killed is about to end (see `stopping`), and is waited for.
"""

import atexit
import os
import shutil
import socket
import time
from pathlib import Path
from typing import Any

import psutil

from metascore.errors import UserError
from metascore.files import read_json, write_json
from metascore.orchestration.signals import is_alive, name

FOLDER = Path(".snakemake")
PATIENCE = 30.0  # seconds


def register(leader: str | None = None, folder: Path = FOLDER) -> None:
    """Record this process until it ends, and remove a lock that only dead processes can have left.

    `leader` is the name of the DVC process that this one works for, as `stopping.lead` gives it.
    """
    own = folder / "processes" / f"{socket.gethostname()}-{os.getpid()}.json"
    write_json(own, {"host": socket.gethostname(), "process": name(psutil.Process()), "leader": leader})
    atexit.register(own.unlink, missing_ok=True)
    deadline = time.monotonic() + PATIENCE
    while any(map(_is_about_to_end, _others(own))) and time.monotonic() < deadline:
        time.sleep(0.1)
    others = _others(own)
    if others and all(map(_is_dead, others)):
        shutil.rmtree(folder / "locks", ignore_errors=True)
        for path in others:
            path.unlink(missing_ok=True)


def is_held(folder: Path = FOLDER) -> bool:
    """Whether a workflow holds the lock. Asked after `register`, which takes a dead one's away."""
    return any((folder / "locks").glob("*.lock"))


def _others(own: Path) -> list[Path]:
    return [path for path in own.parent.glob("*.json") if path != own]


def _is_dead(record: Path) -> bool:
    """Whether the process of a record is certainly gone."""
    owner = _local(record)
    return owner is not None and not is_alive(owner["process"])


def _is_about_to_end(record: Path) -> bool:
    owner = _local(record)
    if owner is None or owner["leader"] is None:
        return False
    return is_alive(owner["process"]) and not is_alive(owner["leader"])


def _local(record: Path) -> dict[str, Any] | None:
    """What a record says of a process on this host; None where it is another's, gone or broken."""
    try:
        owner: dict[str, Any] = read_json(record)
        return owner if owner["host"] == socket.gethostname() and {"process", "leader"} <= set(owner) else None
    except (UserError, KeyError, TypeError):
        return None
