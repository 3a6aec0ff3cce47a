"""What a workflow is about to do: the number of runs and how long they may take. Must not import torch."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_json
from metascore.store.paths import Results

SECONDS_OF_START = 2.0  # a training's, with its validations
SECONDS_OF_JOB = {"finetune": 2.0, "aggregate": 40.0}
SECONDS_OF_OTHERS = 1.0
MINUTES_AT_LEAST, SLOWER = 10, 3  # of time limits: for starts and validations; than the forecast
BASES = (", as timed here before", ", as the budget has it", "; {} were never timed here, so this is rough")


class Length(NamedTuple):
    """How long a run trains, and how well that is known: the number of one of the BASES."""

    seconds: float
    basis: int


def forecast(config: Config, runs: Sequence[Run], cores: int, kind: str = "cores") -> str:
    """One line about at least one run. Runs go side by side on the cores, or on what else there are so many of."""
    lengths = _lengths(config, runs)
    seconds = [SECONDS_OF_START + lengths[_pair(run)].seconds + SECONDS_OF_JOB["finetune"] for run in runs]
    wall = max(sum(seconds) / cores, *seconds)
    worst = max(lengths[_pair(run)].basis for run in runs)
    said = BASES[worst].format(sum(lengths[_pair(run)].basis == worst for run in runs))
    return f"{len(runs)} runs to train: about {duration(wall)} on {cores} {kind}{said}"


def seconds_of(config: Config, runs: Sequence[Run]) -> dict[Run, float]:
    """How long the job that trains a run may take."""
    lengths = _lengths(config, runs)
    return {run: SECONDS_OF_START + lengths[_pair(run)].seconds for run in runs}


def minutes(config: Config, run: Run) -> int:
    """A time limit that a run's training keeps also on a machine three times as slow."""
    return MINUTES_AT_LEAST + math.ceil(SLOWER * _length(config, run.task, run.learner).seconds / 60)


def _lengths(config: Config, runs: Sequence[Run]) -> dict[tuple[str, str], Length]:
    return {pair: _length(config, *pair) for pair in set(map(_pair, runs))}


def _pair(run: Run) -> tuple[str, str]:
    return run.task, run.learner


def _length(config: Config, task: str, learner: str) -> Length:
    """As long as this learner took before, or as the budget wants it to take, or as is usual for the problem."""
    training = config.recipe(task, learner).training
    tasks = training.iterations * training.meta_batch
    speed = _seconds_per_task(Results.of(config), task, learner)
    if speed or not tasks:
        return Length(tasks * (speed or 0.0), 0)
    wanted = config.seconds(task)
    return Length(tasks * config.tasks[task].seconds_per_task, 2) if wanted is None else Length(wanted, 1)


def _seconds_per_task(results: Results, task: str, learner: str) -> float | None:
    """The mean over the seeds of this learner that have been trained here, or None."""
    speeds = [_speed(path) for path in (results.runs / task / learner).glob("*/run.json")]
    known = [1 / speed for speed in speeds if speed]
    return mean(known) if known else None


def _speed(path: Path) -> float:
    try:
        return float(read_json(path)["tasks_per_second"])
    except (UserError, KeyError, TypeError, ValueError):
        return 0.0


def duration(seconds: float) -> str:
    """In words."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
