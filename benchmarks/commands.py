"""What users wait for around the training: processor time in this checkout, which others' work moves less than seconds.

Each command is divided by a reference timed just before it, so that two machines, or two hours, can be compared.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import yaml

from benchmarks.timing import row
from metascore.config.loading import load
from metascore.store.revisions import environment

RUNS = 1000
REFERENCE = ["snakemake", "--version"]  # Python, and all that Snakemake imports
AGGREGATE = ["python", "-m", "metascore", "aggregate"]
DVC_STATUS = ["dvc", "status"]


class Taken(NamedTuple):
    """Seconds by the clock, and of processors."""

    clock: float
    processor: float


def table() -> list[str]:
    """Seconds of each command; two of them need a checkout that has results."""
    rows = [(f"`snakemake -n` with {RUNS} runs", *_planned())]
    if Path("results", load().budget, "runs").is_dir():
        rows += [(f"`{' '.join(words)}`", *_compared(words, Path())) for words in (AGGREGATE, DVC_STATUS)]
    return [
        f"Load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.",
        "",
        *row(["command", "processor seconds", f"/ `{' '.join(REFERENCE)}`", "seconds"], rule=True),
        *(line for name, taken, ratio in rows for line in row(_cells(name, taken, ratio))),
    ]


def _cells(name: str, taken: Taken, ratio: float) -> list[str]:
    return [name, f"{taken.processor:.1f}", f"{ratio:.1f}", f"{taken.clock:.1f}"]


def _planned() -> tuple[Taken, float]:
    """In a clone whose budget has so many seeds that there are a thousand runs."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "metascore"
        subprocess.run(["git", "clone", "--quiet", ".", clone], env=environment(), check=True)
        for name in ("src", "workflow"):
            subprocess.run(["cp", "-r", name, clone], check=True)
        config = load()
        seeds = -(-RUNS * len(config.seeds) // len(config.runs()))
        budget = Path("params", f"{config.budget}.yaml")
        given = yaml.safe_load(budget.read_text()) | {"seeds": list(range(seeds))}
        (clone / budget).write_text(yaml.safe_dump(given, sort_keys=False))
        return _compared(["snakemake", "-n", "--quiet"], clone)


def _compared(command: list[str], folder: Path) -> tuple[Taken, float]:
    """What a command takes, and how many times the reference's processor time that is."""
    reference, taken = (_timed(words, folder) for words in (REFERENCE, command))
    return taken, taken.processor / reference.processor


def _timed(command: list[str], folder: Path) -> Taken:
    began, before = time.perf_counter(), _processor()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return Taken(time.perf_counter() - began, _processor() - before)


def _processor() -> float:
    """Seconds of processors that ended children have had."""
    times = os.times()
    return times.children_user + times.children_system
