"""How work ends before its time: by Ctrl-C, by SIGTERM, or with the process that it was started by.

A stage stops at once: its files are whole at any moment, and meta-training has a snapshot of a few seconds ago. A
workflow passes the signal on to its stages, and a stage whose workflow was killed doesn't live on by itself, where it
would stand in the way of the next one.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import psutil

STARTED_BY = "METASCORE_STARTED_BY"  # environment variable: the process of the workflow, as `name` gives it
SECONDS_BETWEEN_LOOKS = 0.2
INIT = 1  # the process that orphans go to
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

    A signal that is ignored stays so: shells have what runs in the background ignore SIGINT.
    """
    heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, _stop) for number in heard}
    if STARTED_BY in os.environ:
        follow(os.environ[STARTED_BY])
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    for one in SIGNALS:  # a terminal and the workflow both send one
        signal.signal(one, _pass_over)
    raise Stopped(number)


def _pass_over(number: int, frame: FrameType | None) -> None:
    """Does nothing. SIG_IGN would do too, but for a signal that has arrived already: that would be an error."""


def lead() -> str | None:
    """Let the stages that this process starts stop when it is gone; stop when the DVC that started this one is gone.

    Returns the name of that DVC process, None where there is none.
    """
    os.environ[STARTED_BY] = name(psutil.Process())
    ancestors = psutil.Process().parents() if "DVC_STAGE" in os.environ else []
    for process in ancestors:
        if "dvc" in (Path(word).name for word in process.cmdline()):
            follow(name(process))
            return name(process)
    if "DVC_STAGE" in os.environ and os.getppid() == INIT:
        sys.exit("the DVC that started this workflow is gone already: run the same command again")
    return None


def follow(leader: str) -> None:
    """Send this process a SIGTERM as soon as the one of this name is gone."""
    threading.Thread(target=_watch, args=(leader,), daemon=True).start()


def pass_signals_on(jobs_are_here: bool = True) -> None:
    """From now on, SIGINT and SIGTERM reach the stages that run below this process first.

    On SIGTERM Snakemake waits for its jobs. Those of a cluster don't hear of it, so there it means what Ctrl-C means:
    Snakemake has the cluster cancel them.
    """
    for number in SIGNALS:
        before = signal.getsignal(number)
        if callable(before):
            signal.signal(number, partial(_pass_on, before if jobs_are_here else _interrupt))


def _interrupt(number: int, frame: FrameType | None) -> None:
    for one in SIGNALS:  # nothing must disturb the cancelling
        signal.signal(one, _pass_over)
    raise KeyboardInterrupt


def asked_to_end() -> bool:
    """Whether a signal came since `pass_signals_on`."""
    return _asked_to_end.is_set()


def _pass_on(before: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
    _asked_to_end.set()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any(word.partition(".")[0] == "metascore" for word in child.cmdline()):
                child.terminate()
    before(number, frame)


def _watch(leader: str) -> None:
    while is_alive(leader):
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os.kill(os.getpid(), signal.SIGTERM)


def name(process: psutil.Process) -> str:
    """A number is used again; number and start together are not."""
    return f"{process.pid}@{process.create_time()}"


def is_alive(named: str) -> bool:
    """Whether the process of this name is still at work: not ended, and no zombie that nobody has asked about."""
    try:
        process = psutil.Process(int(named.partition("@")[0]))
        return name(process) == named and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, ValueError):
        return False
