"""Which of a learner's trainings on a task did best on validation episodes. Must not import torch."""

import csv

from metascore.config.params import Config, Pair, Run
from metascore.files import read_json
from metascore.store.paths import Results


def best_validation(config: Config, run: Run) -> float:
    """The best validation score of a training, in the unit of its scores."""
    with Results.of(config).training(run).open(encoding="utf-8", newline="") as file:
        scores = [float(row["validation"]) for row in csv.DictReader(file)]
    return max(scores) if config.tasks[run.task].scale.higher_is_better else min(scores)


def best_seeds(config: Config) -> dict[Pair, int]:
    """The seed with the best validation score for each task and learner that trains; the first of equal ones."""
    best: dict[Pair, int] = {}
    for task, learner in config.trained_pairs():
        runs = [Run(task, learner, seed) for seed in config.seeds_of(task)]
        if all(read_json(Results.of(config).record(run))["iterations"] for run in runs):
            choose = max if config.tasks[task].scale.higher_is_better else min
            best[task, learner] = choose(runs, key=lambda run: best_validation(config, run)).seed
    return best
