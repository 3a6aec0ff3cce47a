"""Snakemake's lock after a kill -9: taken away when its owner is certainly dead, and only then.

Each Snakemake process leaves a record of itself before it can take the lock, and removes it when it ends. A lock that
outlived all recorded processes is a dead one's. A process on another host can't be seen from here and counts as alive.
"""

import atexit
import os
import shutil
import socket
from pathlib import Path
from typing import Any

import psutil

from metascore.errors import UserError
from metascore.files import read_json, write_json

FOLDER = Path(".snakemake")


def register(folder: Path = FOLDER) -> None:
    """Record this process until it ends, and remove a lock that only dead processes can have left."""
    record = folder / "processes" / f"{socket.gethostname()}-{os.getpid()}.json"
    others = [path for path in record.parent.glob("*.json") if path != record]
    write_json(record, {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())})
    atexit.register(record.unlink, missing_ok=True)
    dead = [path for path in others if _is_dead(path)]
    if dead and len(dead) == len(others):
        shutil.rmtree(folder / "locks", ignore_errors=True)
        for path in dead:
            path.unlink(missing_ok=True)


def is_held(folder: Path = FOLDER) -> bool:
    """Whether a workflow holds the lock. Asked after `register`, which takes a dead one's away."""
    return any((folder / "locks").glob("*.lock"))


def _is_dead(path: Path) -> bool:
    """Whether the process of a record is certainly gone. A process that reuses its number started at another time."""
    try:
        owner: dict[str, Any] = read_json(path)
    except UserError:
        return False
    return owner["host"] == socket.gethostname() and _started(owner["pid"]) != owner["started"]


def _started(pid: int) -> float | None:
    """When a process started, in seconds since 1970, or None when there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None
