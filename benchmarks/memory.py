"""Peak memory of second-order meta-gradients, each contender in a process of its own, after two and after ten steps."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.meta_gradient import ours
from benchmarks.peers import Gradient, gradients
from benchmarks.settings import Setting
from benchmarks.timing import row
from metascore.training import machine

SETTING = Setting(5, 5, 5, 5, False, tasks=4)
TINY = Setting(2, 1, 1, 1, False, tasks=1)
ONE_BY_ONE = "ours, an episode at a time"
STEPS = (2, 10)


def table() -> list[str]:
    """MiB above what the process held at most in a meta-gradient of one tiny task."""
    head = [f"{SETTING.name}, second order", *(f"after {count} meta-gradients, MiB" for count in STEPS)]
    names = ["ours", ONE_BY_ONE, *gradients()]
    return [*row(head, rule=True), *(line for name in names for line in row([name, *_measured(name)]))]


def _measured(name: str) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.memory", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def main(name: str) -> None:
    """Print the peaks of one contender."""
    with machine.prepared():
        _gradients(name, TINY, 1)  # loads code
        before, done = _peak(), 0
        for count in STEPS:
            _gradients(name, SETTING, count - done)
            done = count
            print(f"{_peak() - before:.0f}")


def _gradients(name: str, setting: Setting, count: int) -> None:
    params, episodes = setting.params(), setting.episodes()
    batch = episodes.batch(np.arange(setting.tasks))
    gradient: Callable[[], Gradient]
    if name in gradients():
        gradient = partial(gradients()[name], setting, params, batch)
    else:
        gradient = ours(setting, params, episodes, 1 if name == ONE_BY_ONE else setting.tasks)
    for _ in range(count):
        gradient()


def _peak() -> float:
    """MiB of resident memory, at most so far. Not getrusage's, which a process inherits from its parent."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1])
