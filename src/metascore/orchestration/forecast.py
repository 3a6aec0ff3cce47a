"""How long trainings may take, as a range: a machine's pace is known after the first work. Must not import torch."""

import math
import os
from collections.abc import Sequence

from metascore.config.params import Config, Run

SECONDS_OF_START = 2.0  # of a training, with its validations
SECONDS_OF_JOB = {"finetune": 2.0, "aggregate": 40.0}
BEFORE, MEASURED = (0.5, 3.0), (0.7, 1.5)  # factors of the range: before and after this workflow has measured its pace
MINUTES_AT_LEAST, SLOWER = 10, 3  # of time limits: for starts and validations; than the estimate


def forecast(config: Config, runs: Sequence[Run], places: int, kind: str = "cores", busy: float = 0.0) -> str:
    """One line about at least one run. `places` runs are trained at once; see `others_per_core` for `busy`."""
    seconds = [training_seconds(config, run) + SECONDS_OF_JOB["finetune"] for run in runs]
    wall = max(sum(seconds) / places, *seconds)
    time = time_range(wall, (BEFORE[0], BEFORE[1] * (1 + busy)))
    return f"{len(runs)} runs to train: {time} on {places} {kind}, by a first estimate"


def others_per_core() -> float:
    """How many processes waited for each core of this machine in the last minute: they slow a workflow down."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def training_seconds(config: Config, run: Run) -> float:
    """The time that the budget gives a run's training, or that is usual for its problem."""
    training, wanted = config.recipe(run.task, run.learner).training, config.seconds(run.task)
    tasks = training.iterations * training.meta_batch
    if wanted is None or not tasks:
        wanted = tasks * config.tasks[run.task].seconds_per_task
    return SECONDS_OF_START + wanted


def minutes(config: Config, run: Run) -> int:
    """A time limit that a run's training keeps also on a machine three times as slow."""
    return MINUTES_AT_LEAST + math.ceil(SLOWER * training_seconds(config, run) / 60)


def time_range(seconds: float, factors: tuple[float, float]) -> str:
    """A range in words, such as `10 to 30 min`."""
    low, high = (factor * seconds for factor in factors)
    size, unit = (1, "s") if high < 180 else (60, "min") if high < 7200 else (3600, "h")
    return f"{math.floor(low / size)} to {math.ceil(high / size)} {unit}"
