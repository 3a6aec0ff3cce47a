"""The seconds that users wait for the tools around the training, in this checkout."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks.timing import row
from metascore.config.loading import load

RUNS = 1000
AGGREGATE = ["python", "-m", "metascore", "aggregate"]
DVC_STATUS = ["dvc", "status"]


def table() -> list[str]:
    """Seconds of each command; two of them need a checkout that has results."""
    seconds = {f"`snakemake -n` with {RUNS} runs": _planned()}
    if Path("results/runs").is_dir():
        seconds |= {f"`{' '.join(words)}`": _timed(words, Path()) for words in (AGGREGATE, DVC_STATUS)}
    return [
        *row(["command", "seconds"], rule=True),
        *(line for c, s in seconds.items() for line in row([c, f"{s:.1f}"])),
    ]


def _planned() -> float:
    """In a clone whose budget has so many seeds that there are a thousand runs."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "metascore"
        subprocess.run(["git", "clone", "--quiet", ".", clone], check=True)
        for name in ("src", "workflow"):
            subprocess.run(["cp", "-r", name, clone], check=True)
        config = load()
        seeds = -(-RUNS * len(config.seeds) // len(config.runs()))
        budget = Path("params", f"{config.budget}.yaml")
        given = yaml.safe_load(budget.read_text()) | {"seeds": list(range(seeds))}
        (clone / budget).write_text(yaml.safe_dump(given, sort_keys=False))
        return _timed(["snakemake", "-n", "--quiet"], clone)


def _timed(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began
