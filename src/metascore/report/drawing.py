"""Figures drawn beside each other: each process draws its share, on a core of its own."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import NamedTuple

from metascore.report.figures import all_figures
from metascore.report.numbers import Numbers
from metascore.report.style import rendered

Drawings = dict[tuple[str, str], bytes]  # by name and format


class Begun(NamedTuple):
    """Another process, and where what it draws will arrive."""

    process: BaseProcess
    result: Connection


def drawings(numbers: Numbers, formats: Sequence[str], processes: int = 1) -> Drawings:
    """Each figure in these formats, in the figures' order and to the same bytes however many processes draw.

    One draws where forks are not safe.
    """
    figures = all_figures()
    share, *others = _shares(figures, processes if sys.platform == "linux" else 1)
    begun = [_begun(numbers, formats, other) for other in others]
    try:
        drawn = _drawn(numbers, formats, share)
        for other, one in zip(others, begun, strict=True):
            drawn |= _received(one.result) or _drawn(numbers, formats, other)  # which says what is wrong with it
        return {key: drawn[key] for key in ((_name(module), suffix) for module in figures for suffix in formats)}
    finally:  # a signal may have come
        for one in begun:
            one.process.terminate()
            one.process.join()


def _shares(figures: Sequence[ModuleType], count: int) -> list[Sequence[ModuleType]]:
    return [figures[start::count] for start in range(max(1, min(count, len(figures))))]


def _drawn(numbers: Numbers, formats: Sequence[str], figures: Sequence[ModuleType]) -> Drawings:
    drawn = {_name(module): module.draw(numbers) for module in figures}
    return {(name, suffix): rendered(figure, suffix) for name, figure in drawn.items() for suffix in formats}


def _name(figure: ModuleType) -> str:
    return figure.__name__.rpartition(".")[2]


def _begun(numbers: Numbers, formats: Sequence[str], figures: Sequence[ModuleType]) -> Begun:
    context = multiprocessing.get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sending, numbers, formats, figures), daemon=True)
    process.start()
    sending.close()
    return Begun(process, receiving)


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
