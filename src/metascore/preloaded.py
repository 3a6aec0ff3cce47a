"""The process that has imported what stages need, and forks one for each command that asks for it.

See `orchestration.preloading` for what it is for. It computes nothing itself: one thread, no generator touched, no GPU
looked for, so that what it forks is as good as new. A stage that it forked belongs to the command that asked: it has
its files, ends when that is gone, and needs this process no more.
"""

from __future__ import annotations

import gc
import importlib
import os
import select
import shutil
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from metascore import cli, problems
from metascore.config import signatures
from metascore.orchestration import provenance
from metascore.orchestration.preloading import SIGNALS, code, receive

STAGES = ("train", "finetune", "episodes")  # those that a workflow has many of
LATER = ("torch._dynamo",)  # by torch's optimisers


def main(number: int, path: Path, budget: str) -> None:
    """Serve the socket of this number, which lies at `path`, until standard input ends, with runs of this budget."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the stages
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for what is forked: a command knows its stage's end
    try:
        with socket.socket(fileno=number) as listening:
            _serve(listening, budget)
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # once is enough
    sys.exit(128 + number)


def _serve(listening: socket.socket, budget: str) -> None:
    _preload(budget)
    files = _versions()
    gc.freeze()  # what lies in memory now stays shared
    while True:
        ready, _, _ = select.select([sys.stdin, listening], [], [])
        if sys.stdin in ready:
            return
        connection = listening.accept()[0]
        with connection:
            if _versions() == files:
                _fork(listening, connection)


def _preload(budget: str) -> None:
    """Import what stages import, also on their way, and remember what each would read of the project's own files."""
    for name in (*(f"metascore.stages.{name}" for name in STAGES), *LATER):
        importlib.import_module(name)
    learners = [signatures.module_of(name) for name in signatures.learner_files()]
    kinds = [problems.module_of(name) for name in problems.known()]
    provenance.module_files([*(f"metascore.stages.{name}" for name in STAGES), *learners, *kinds])


def _versions() -> dict[str, int | None]:
    """When each file of the package that was imported was changed last."""
    files = [module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "metascore"]
    return {file: _changed(file) for file in files if file}


def _changed(file: str) -> int | None:
    with suppress(OSError):
        return Path(file).stat().st_mtime_ns
    return None


def _fork(listening: socket.socket, connection: socket.socket) -> None:
    with _no_signals():
        if os.fork() == 0:
            listening.close()
            _run(connection)


@contextmanager
def _no_signals() -> Iterator[None]:
    """None arrives while it is not said yet what it means."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _run(connection: socket.socket) -> NoReturn:
    """Be the stage that a command asks for, and tell it the exit status."""
    status = 1
    try:
        request, files = receive(connection)
        if request["code"] == code():
            _take_over(request, files)
            connection.sendall(f"{os.getpid()}\n".encode())
            threading.Thread(target=_follow, args=(connection,), daemon=True).start()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            status = _status(request["arguments"])
            connection.sendall(f"{status}\n".encode())
    finally:
        os._exit(status)  # without what this process's parent would do at its end


def _take_over(request: dict[str, Any], files: list[int]) -> None:
    """The files, folder, environment and signals of the command."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN if number in request["ignored"] else signal.SIG_DFL)


def _follow(connection: socket.socket) -> None:
    """Stop when the command is gone, which says no more."""
    connection.recv(1)
    os.kill(os.getpid(), signal.SIGTERM)


def _status(arguments: list[str]) -> int:
    """The exit status of a command; what it says at its end is said as Python would."""
    try:
        return cli.main(arguments)
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except Exception:  # what --debug asks for, or a fault of this program: else nobody would hear of it
        traceback.print_exc()
        return 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
