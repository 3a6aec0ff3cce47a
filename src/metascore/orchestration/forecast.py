"""What a workflow is about to do: the number of runs and how long they may take. Must not import torch."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_json
from metascore.store.paths import Results

SECONDS_PER_RUN = 6  # starting Python twice, validation and fine-tuning
MINUTES_AT_LEAST, SLOWER = 10, 3  # of time limits: for starts and validations; than the forecast


def forecast(config: Config, runs: Sequence[Run], cores: int, kind: str = "cores") -> str:
    """One line about at least one run. Runs go side by side on the cores, or on what else there are so many of.

    Each takes what its learner took before.
    """
    results, pairs = Results.of(config.budget), {(run.task, run.learner) for run in runs}
    speeds = {pair: _seconds_per_task(results, *pair) for pair in pairs}
    usual = {task: problem.seconds_per_task for task, problem in config.tasks.items()}
    seconds = [
        SECONDS_PER_RUN + _tasks(config, run) * (speeds[run.task, run.learner] or usual[run.task]) for run in runs
    ]
    wall = max(sum(seconds) / cores, *seconds)
    untimed = sum(bool(_tasks(config, run)) and not speeds[run.task, run.learner] for run in runs)
    basis = f"; {untimed} were never timed here, so this is rough" if untimed else ", as timed here before"
    return f"{len(runs)} runs to train: about {_duration(wall)} on {cores} {kind}{basis}"


def minutes(config: Config, run: Run) -> int:
    """A time limit that a run's training keeps also on a machine three times as slow."""
    known = _seconds_per_task(Results.of(config.budget), run.task, run.learner)
    seconds = _tasks(config, run) * (known or config.tasks[run.task].seconds_per_task)
    return MINUTES_AT_LEAST + math.ceil(SLOWER * seconds / 60)


def _tasks(config: Config, run: Run) -> int:
    """Training episodes that a run sees."""
    training = config.recipe(run.task, run.learner).training
    return training.iterations * training.meta_batch


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


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
