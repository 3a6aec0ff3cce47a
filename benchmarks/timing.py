"""Times that can be compared: medians of alternated runs in one process, on one thread. And rows of tables."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import torch

ROUNDS = 7
PRODUCT = "matrix product"
SIDE = 1024  # of the matrices that the machine's rate is measured with


def alternated(contenders: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """The median seconds of each contender; all of them take turns, after one run each that doesn't count."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            began = time.perf_counter()
            run()
            if number:
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in times.items()}


def matrix_rate() -> float:
    """Floating-point operations a second of large float32 matrix products."""
    return rate_of(alternated({PRODUCT: product()}, rounds=101))


def product() -> Callable[[], object]:
    """A contender: one large matrix product."""
    a, b = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    return lambda: a @ b


def rate_of(seconds: dict[str, float]) -> float:
    """The rate of matrix products among these contenders, which is that of the minute in which they ran."""
    return 2 * SIDE**3 / seconds[PRODUCT]


def milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


def row(cells: list[str], rule: bool = False) -> list[str]:
    """A line of a Markdown table, and the rule below it if it is the head."""
    lines = [cells, ["---"] * len(cells)] if rule else [cells]
    return [f"| {' | '.join(line)} |" for line in lines]
