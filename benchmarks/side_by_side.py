"""Two meta-training processes at once, each on a core of its own: what each loses against having the machine alone."""

from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.meta_gradient import ours
from benchmarks.settings import Setting, settings
from benchmarks.timing import row
from metascore.training import machine

SECONDS = 10
ROUNDS = 3


def table() -> list[str]:
    """Tasks a second of one process, alone and beside another; medians of alternated rounds."""
    head = ["setting", "alone", "two at once", "loss"]
    cells = [_cells(number) for number in (0, 2)]
    return [*row(head, rule=True), *(line for each in cells for line in row(each))]


def _cells(number: int) -> list[str]:
    alone, both = [], []
    for _ in range(ROUNDS):
        alone += _rates(number, 1)
        both += _rates(number, 2)
    one, two = sorted(alone)[len(alone) // 2], sum(both) / len(both)
    setting = settings()[number]
    order = "first" if setting.first_order else "second"
    return [f"{setting.name}, {order} order", f"{one:.1f}", f"{two:.1f}", f"{100 * (1 - two / one):.0f} %"]


def _rates(number: int, processes: int) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.side_by_side", str(number)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return [float(process.communicate()[0]) for process in started]


def main(number: int) -> None:
    """Print the tasks a second of one process."""
    with machine.prepared():
        print(_rate(settings()[number]))


def _rate(setting: Setting) -> float:
    params, episodes = setting.params(), setting.episodes()
    gradient = ours(setting, params, episodes, setting.tasks)
    for _ in range(3):
        gradient()
    began, steps = time.perf_counter(), 0
    while time.perf_counter() < began + SECONDS:
        gradient()
        steps += 1
    return steps * setting.tasks / (time.perf_counter() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]))
