"""How work ends before its time: by Ctrl-C, by SIGTERM, or because the workflow that started it was killed.

A stage stops at once: its files are complete at any moment, and meta-training has a snapshot of a few seconds ago.
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

WORKFLOW = "METASCORE_WORKFLOW"  # environment variable of stages: the process of their workflow, as `_name` gives it
SECONDS_BETWEEN_LOOKS = 0.2
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_asked_to_end = threading.Event()


class Stopped(BaseException):
    """Raised in the main thread when a signal asks for an end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}: run the same command again to go on")
        self.exit_status = 128 + number


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into Stopped, and stop when the workflow that started this process is gone.

    A signal that is ignored stays ignored: shells have background commands ignore SIGINT. Only the main thread can set
    handlers; in another one signals keep the effect that they have.
    """
    is_main = threading.current_thread() is threading.main_thread()
    numbers = [number for number in SIGNALS if is_main and signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, _stop) for number in numbers}
    if WORKFLOW in os.environ:
        _follow(os.environ[WORKFLOW])
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def lead() -> None:
    """Have the stages that this process starts end with it, however it ends, and this one with its `dvc repro`."""
    os.environ[WORKFLOW] = _name(psutil.Process())
    ancestors = psutil.Process().parents() if "DVC_STAGE" in os.environ else []
    for process in [one for one in ancestors if "dvc" in (Path(word).name for word in one.cmdline())][:1]:
        _follow(_name(process))


def pass_signals_on(jobs_are_here: bool = True) -> None:
    """From now on, SIGINT and SIGTERM reach the stages that run below this process first.

    On SIGTERM Snakemake waits for its jobs. Those of a cluster get no signal, so there SIGTERM has the effect of
    Ctrl-C: Snakemake has the cluster cancel them.
    """
    for number in SIGNALS:
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, partial(_pass_on, before if jobs_are_here else _interrupt))


def asked_to_end() -> bool:
    """Whether a signal came since `pass_signals_on`."""
    return _asked_to_end.is_set()


def _stop(number: int, frame: FrameType | None) -> None:
    _ignore_the_next()
    raise Stopped(number)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _ignore_the_next()
    raise KeyboardInterrupt


def _ignore_the_next() -> None:
    """A terminal and the workflow may both send one. SIG_IGN would be an error for one that has arrived already."""
    for number in SIGNALS:
        signal.signal(number, lambda number, frame: None)


def _pass_on(before: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
    _asked_to_end.set()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(word.partition(".")[0] == "metascore" for word in child.cmdline()):
                child.terminate()
    before(number, frame)


def _follow(leader: str) -> None:
    """Send this process a SIGTERM as soon as the one of this name is gone."""

    def watch() -> None:
        while _is_alive(leader):
            time.sleep(SECONDS_BETWEEN_LOOKS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _name(process: psutil.Process) -> str:
    """A number is used again; number and start together are not."""
    return f"{process.pid}@{process.create_time()}"


def _is_alive(name: str) -> bool:
    try:
        process = psutil.Process(int(name.partition("@")[0]))
        return _name(process) == name and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
