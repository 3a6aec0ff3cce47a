"""Two processes on one card: what each loses against having it alone."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import torch

from benchmarks.gpu.report import Row
from benchmarks.gpu.setup import Setup
from benchmarks.settings import settings
from metascore.training import machine
from metascore.training.device import finish
from metascore.training.meta_gradient import MetaGradient

SECONDS = 45
TASKS = 32
MEASURED, TINY_MEASURED = 5.0, 0.2  # seconds


def rows(setup: Setup) -> Iterator[Row]:
    """Tasks a second of one process alone, and of each of two."""
    alone, both = _rates(setup, 1), _rates(setup, 2)
    yield {
        "setting": settings()[0].name,
        "alone, tasks/s": alone[0],
        "two at once, tasks/s each": sum(both) / len(both),
        "gain of two": sum(both) / alone[0],
    }


def _rates(setup: Setup, processes: int) -> list[float]:
    measured = TINY_MEASURED if setup.tiny else MEASURED
    command = [sys.executable, "-m", "benchmarks.gpu.sharing", str(setup.device), str(measured)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return [float(process.communicate(timeout=setup.deadline.left)[0]) for process in started]


def main(place: str, measured: float) -> None:
    """Print the tasks a second of this process."""
    device = torch.device(place)
    with machine.prepared():
        cell = settings()[0].with_tasks(TASKS)
        params, episodes = cell.params(device), cell.episodes(device)
        gradient = MetaGradient(cell.learner(), TASKS)
        for _ in range(3):  # the second call is recorded
            gradient(params, episodes, np.arange(TASKS), 0.0)
        finish(device)
        began, calls = time.perf_counter(), 0
        while time.perf_counter() < began + measured:
            gradient(params, episodes, np.arange(TASKS), 0.0)
            calls += 1
        finish(device)
        print(calls * TASKS / (time.perf_counter() - began))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
