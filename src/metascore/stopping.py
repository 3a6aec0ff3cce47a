"""How work ends before its time: by Ctrl-C, by SIGTERM, or with the process that it was started by.

A stage stops at once: its files are whole at any moment, and meta-training has a snapshot of a few seconds ago. A
workflow passes the signal on to its stages, and a stage whose workflow was killed doesn't live on by itself, where it
would stand in the way of the next one.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

STARTED_BY = "METASCORE_STARTED_BY"  # environment variable: the process of the workflow, as _name gives it
SECONDS_BETWEEN_LOOKS = 0.2
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Raised in the main thread when a signal asks for an end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}: run the same command again to go on")
        self.exit_status = 128 + number


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into Stopped, and stop when the workflow that started this process is gone."""
    before = {number: signal.signal(number, _stop) for number in SIGNALS}
    if STARTED_BY in os.environ:
        follow(os.environ[STARTED_BY])
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    for one in SIGNALS:  # a terminal and the workflow both send one
        signal.signal(one, signal.SIG_IGN)
    raise Stopped(number)


def lead() -> None:
    """Let the stages that this process starts stop when it is gone; stop when the DVC that started this one is gone."""
    os.environ[STARTED_BY] = _name(psutil.Process())
    if "DVC_STAGE" in os.environ:
        for process in psutil.Process().parents():
            if "dvc" in (Path(word).name for word in process.cmdline()):
                return follow(_name(process))


def follow(name: str) -> None:
    """Send this process a SIGTERM as soon as the named one is gone."""
    threading.Thread(target=_watch, args=(name,), daemon=True).start()


def pass_signals_on() -> None:
    """From now on, SIGINT and SIGTERM reach the stages that run below this process first."""
    for number in SIGNALS:
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, partial(_pass_on, before))


def _pass_on(before: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "metascore" in child.cmdline():
                child.terminate()
    before(number, frame)


def _watch(name: str) -> None:
    while _is_alive(name):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)


def _name(process: psutil.Process) -> str:
    """A number is used again; number and start together are not."""
    return f"{process.pid}@{process.create_time()}"


def _is_alive(name: str) -> bool:
    try:
        process = psutil.Process(int(name.partition("@")[0]))
        return _name(process) == name and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
