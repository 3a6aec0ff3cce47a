"""Figures drawn beside each other: each process draws its share, on a core of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import ModuleType

from metascore.report.figures import all_figures
from metascore.report.numbers import Numbers
from metascore.report.style import rendered

Drawings = dict[tuple[str, str], bytes]  # by name and format


def drawings(numbers: Numbers, formats: Sequence[str], processes: int = 1) -> Drawings:
    """Each figure in these formats, to the same bytes however many processes draw: one where forks are not safe."""
    share, *others = _shares(all_figures(), processes if sys.platform == "linux" else 1)
    begun = [_begun(numbers, formats, other) for other in others]
    drawn = _drawn(numbers, formats, share)
    for other, result in zip(others, begun, strict=True):
        drawn |= _received(result) or _drawn(numbers, formats, other)  # which says what is wrong with it
    return drawn


def _shares(figures: Sequence[ModuleType], count: int) -> list[Sequence[ModuleType]]:
    return [figures[start::count] for start in range(max(1, min(count, len(figures))))]


def _drawn(numbers: Numbers, formats: Sequence[str], figures: Sequence[ModuleType]) -> Drawings:
    drawn = {module.__name__.rpartition(".")[2]: module.draw(numbers) for module in figures}
    return {(name, suffix): rendered(figure, suffix) for name, figure in drawn.items() for suffix in formats}


def _begun(numbers: Numbers, formats: Sequence[str], figures: Sequence[ModuleType]) -> Connection:
    """Where what another process draws will arrive. That process ends with this one."""
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    context.Process(target=_send, args=(sending, numbers, formats, figures), daemon=True).start()
    sending.close()
    return receiving


def _send(result: Connection, numbers: Numbers, formats: Sequence[str], figures: Sequence[ModuleType]) -> None:
    """What is wrong is not said here: who waits draws again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that waits
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with contextlib.suppress(Exception):
        result.send(_drawn(numbers, formats, figures))


def _received(result: Connection) -> Drawings | None:
    """None where the other process ended without it."""
    with contextlib.suppress(EOFError):
        drawn: Drawings = result.recv()
        return drawn
    return None
