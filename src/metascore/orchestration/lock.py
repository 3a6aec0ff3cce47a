"""Snakemake's lock after a kill -9: taken away when its owner is dead, and only then.

Each workflow, though not its jobs, leaves a record of itself before it can take the lock, and removes it when it ends.
A lock that outlived all recorded workflows is a dead one's. One on this host is dead when its process is gone. One on
another host can't be seen from here: it shows that it is alive by touching its record, and is dead when it no longer
does. One whose DVC was killed is about to end (see `signals`), and is waited for.
"""

import atexit
import contextlib
import os
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from metascore.errors import UserError
from metascore.files import read_json, write_json
from metascore.orchestration.signals import is_alive, name

FOLDER = Path(".snakemake")
PATIENCE = 30.0  # seconds
BEAT = 10.0  # seconds between two touches of a record
SILENCE = 120.0  # seconds without a touch that mean death; file systems on a network may show one a minute late


def register(leader: str | None = None, folder: Path = FOLDER) -> None:
    """Record this workflow until it ends, and remove a lock that only dead ones can have left.

    `leader` is the name of the DVC process that this one works for, as `signals.lead` gives it.
    """
    own = folder / "processes" / f"{socket.gethostname()}-{os.getpid()}.json"
    write_json(own, {"host": socket.gethostname(), "process": name(psutil.Process()), "leader": leader})
    atexit.register(own.unlink, missing_ok=True)
    deadline = time.monotonic() + PATIENCE
    while any(map(_is_about_to_end, _others(own))) and time.monotonic() < deadline:
        time.sleep(0.1)
    others = _others(own)
    if others and all(_is_dead(other, own) for other in others):
        shutil.rmtree(folder / "locks", ignore_errors=True)
        for path in others:
            path.unlink(missing_ok=True)
    threading.Thread(target=_beat, args=(own,), daemon=True).start()


def is_held(folder: Path = FOLDER) -> bool:
    """Whether a workflow holds the lock. Asked after `register`, which takes a dead one's away."""
    return any((folder / "locks").glob("*.lock"))


def told(folder: Path = FOLDER) -> str:
    """One line for people: who may hold it, as the hosts and processes that left a record, and what to do."""
    own = f"{socket.gethostname()}-{os.getpid()}"
    names = sorted(path.stem for path in (folder / "processes").glob("*.json") if path.stem != own)
    if not names:
        return "this folder is locked, and no record says by whom: end that workflow, or unlock by `snakemake --unlock`"
    return f"another workflow is at work in this folder ({', '.join(names)}): wait for it, or end it"


def _beat(record: Path) -> None:
    while True:
        time.sleep(BEAT)
        with contextlib.suppress(OSError):  # it has ended, or the file system is away for a moment
            os.utime(record)


def _others(own: Path) -> list[Path]:
    return [path for path in own.parent.glob("*.json") if path != own]


def _is_dead(record: Path, own: Path) -> bool:
    """Whether the workflow of a record is certainly gone; times are compared as the file system's clock has them."""
    owner = _read(record)
    if owner is None:
        return False
    if owner["host"] == socket.gethostname():
        return not is_alive(owner["process"])
    try:
        return own.stat().st_mtime - record.stat().st_mtime > SILENCE
    except FileNotFoundError:
        return True


def _is_about_to_end(record: Path) -> bool:
    owner = _read(record)
    if owner is None or owner["host"] != socket.gethostname() or owner["leader"] is None:
        return False
    return is_alive(owner["process"]) and not is_alive(owner["leader"])


def _read(record: Path) -> dict[str, Any] | None:
    """What a record says; None where it is gone or broken."""
    try:
        owner: dict[str, Any] = read_json(record)
        return owner if {"host", "process", "leader"} <= set(owner) else None
    except (UserError, TypeError):
        return None
