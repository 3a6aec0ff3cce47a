"""Stages without their start: a process that has imported torch already forks one for each command of a workflow.

A workflow of 200 jobs would import torch 200 times, for seconds each. So it starts one process that does (`start`; what
that does stands in `metascore.preloaded`), and `python -m metascore STAGE` has its stage run there (`ask`): with its
own arguments, folder, environment and files, and with the signals that it gets. Where there is no such process, or the
code has changed since, a command runs its stage itself, to the same end. Imports nothing that takes long.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

SOCKET = "METASCORE_PRELOADED"  # environment variable: where the process listens
SIGNALS = (signal.SIGINT, signal.SIGTERM)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # as all jobs have it
RULES = ("meta_train", "finetune")  # whose jobs import torch
LENGTH = 8  # bytes, of the number that says how long a request is
KILLED = 128 + signal.SIGKILL  # the exit status of a stage that could not give its own
WAITING = 1024  # commands that may wait until torch is imported


def start(budget: str) -> None:
    """Have the stages that this process starts from now on, directly or not, begin where torch is imported already.

    So is the configuration of this budget.

    The process that forks them ends with this one, however that ends. There is none but on Linux: elsewhere not all
    libraries may be used after a fork.
    """
    if sys.platform != "linux":
        return
    path = Path(tempfile.mkdtemp(prefix="metascore-"), "socket")  # in a folder for this user alone
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(WAITING)
        number = listening.fileno()
        command = [sys.executable, "-m", "metascore.preloaded", str(number), str(path), budget]
        environment = {**os.environ, **ONE_THREAD}
        reading, _writing = os.pipe()  # whose other end is closed by the end of this process, and not before
        subprocess.Popen(command, stdin=reading, env=environment, pass_fds=[number])
        os.close(reading)
    os.environ[SOCKET] = str(path)


def code() -> list[str]:
    """What a command and the process that it asks must have in common."""
    return [sys.executable, __file__]


def ask(arguments: Sequence[str]) -> int | None:
    """Have a stage run by the preloaded process; returns the exit status, or None where there is no such process."""
    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(os.environ[SOCKET])
    except (KeyError, OSError):
        return None
    with connection:
        return _asked(connection, arguments)


def _asked(connection: socket.socket, arguments: Sequence[str]) -> int | None:
    heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    for number in heard:
        signal.signal(number, _give_up)
    with connection.makefile("r") as answer:
        stage = _begun(connection, answer, arguments)
        for number in heard:
            signal.signal(number, signal.SIG_DFL if stage is None else partial(_pass_on, stage))
        return None if stage is None else _ended(answer, arguments)


def _begun(connection: socket.socket, answer: TextIO, arguments: Sequence[str]) -> int | None:
    """The process that runs the stage; None where the one that was asked cannot run it."""
    request = {
        "code": code(),
        "arguments": list(arguments),
        "folder": str(Path.cwd()),
        "environment": dict(os.environ),
        "ignored": [number for number in SIGNALS if signal.getsignal(number) == signal.SIG_IGN],
    }
    try:
        _send(connection, request)
        return int(answer.readline())
    except (OSError, ValueError):
        return None


def _ended(answer: TextIO, arguments: Sequence[str]) -> int:
    """The exit status of the stage."""
    try:
        return int(answer.readline())
    except (OSError, ValueError):
        sys.stderr.write(f"metascore {' '.join(arguments[:1])}: killed: run the same command again to go on\n")
        return KILLED


def _send(connection: socket.socket, request: dict[str, Any]) -> None:
    content = json.dumps(request).encode()
    socket.send_fds(connection, [len(content).to_bytes(LENGTH)], [0, 1, 2])
    connection.sendall(content)


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """A request, and the files that its command reads from and writes to."""
    length, descriptors, _, _ = socket.recv_fds(connection, LENGTH, 3)
    with connection.makefile("rb") as content:
        request: dict[str, Any] = json.loads(content.read(int.from_bytes(length)))
    return request, descriptors


def _give_up(number: int, frame: FrameType | None) -> None:
    """The stage that may have begun ends when the connection does."""
    sys.exit(128 + number)


def _pass_on(process: int, number: int, frame: FrameType | None) -> None:
    """To the stage, which says what it makes of it. It has not ended: else this one would have its status."""
    os.kill(process, number)
