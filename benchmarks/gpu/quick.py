"""The budget `quick` for three learners: scores on the GPU beside the CPU's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import torch

from benchmarks.gpu import carried
from benchmarks.gpu.carried import Carried
from benchmarks.gpu.report import Row
from benchmarks.gpu.setup import Setup, each, learner_of, problem_of, training_of
from metascore.config.recipe import Training
from metascore.data.characters import CHARACTERS, DRAWERS, SIDE
from metascore.problems.examples import Episodes
from metascore.problems.omniglot import Omniglot
from metascore.randomness import generator
from metascore.training.device import finish
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.loop import Snapshot, TrainingRun, beginning, meta_train

SECONDS = 90
TINY = {"iterations": 2, "validations": 1}
TINY_EPISODES = 8
LEAST = 20.0
PERCENT = 100.0


def rows(setup: Setup) -> Iterator[Row]:
    """A row a learner, with one seed."""
    yield from each(_names(setup, "quick"), setup.deadline, LEAST)


def _names(setup: Setup, budget: str) -> Iterator[tuple[Row, Callable[[], Row]]]:
    for one in setup.judged(budget):
        yield {"learner": one.entry, "task": one.task}, partial(_row, setup, one)


def _row(setup: Setup, one: Carried) -> Row:
    began = time.perf_counter()
    snapshot = trained(setup, one)
    finish(setup.device)
    taken = time.perf_counter() - began
    learner = learner_of(one, problem_of(one))
    curves = measured(adaptation_curve, learner, snapshot.best, episodes_of(setup, one, "test"))
    scale = learner.problem
    chance, perfect = scale.chance or 0.0, scale.perfect
    score = PERCENT * float(np.mean((curves[:, 1:] - chance) / (perfect - chance)))
    row: Row = {"seconds": taken, "meta-steps/s": snapshot.iteration / taken, "MetaScore": score}
    return row | _published(setup, one, score)


def _published(setup: Setup, one: Carried, score: float) -> Row:
    """MetaScore as it was published, from a CPU, with its interval for other seeds and episodes."""
    file = setup.carried / carried.SCORES if setup.carried else Path("results/quick/tables/scores.csv")
    if not file.exists():
        return {}
    table = pd.read_csv(file)
    row = table[(table["task"] == one.task) & (table["learner"] == one.entry)].iloc[0]
    low, high = float(row["metascore_low"]), float(row["metascore_high"])
    return {"on a CPU": float(row["metascore"]), "low": low, "high": high, "within": low <= score <= high}


def trained(setup: Setup, one: Carried) -> Snapshot:
    """The end of meta-training."""
    run = run_of(setup, one, training_of(one, **(TINY if setup.tiny else {})))
    return list(meta_train(run, beginning(run.learner, generator(0, "initial parameters"), setup.device)))[-1]


def run_of(setup: Setup, one: Carried, recipe: Training) -> TrainingRun:
    """The training of a recipe, with seed 0."""
    learner, validation_learner = (learner_of(one, problem_of(one, part)) for part in ("train", "validation"))
    episodes, validation = (episodes_of(setup, one, part) for part in ("train", "validation"))
    return TrainingRun(learner, validation_learner, episodes, validation, recipe, seed=0)


def episodes_of(setup: Setup, one: Carried, part: str) -> Episodes:
    """Frozen episodes of a part, on the device; noise of the same shape in a rehearsal."""
    problem = cast(Omniglot, problem_of(one, part))
    if not setup.tiny:
        return problem.episodes(setup.rows(one, part), _on(setup, setup.images()))
    images = np.random.default_rng(0).integers(0, 256, (CHARACTERS, DRAWERS, SIDE, SIDE), dtype=np.uint8)
    rows = problem.draw_among(list(range(CHARACTERS)), "train", TINY_EPISODES, rotate=False, seed=0)
    return problem.episodes(rows, _on(setup, images))


def _on(setup: Setup, images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).to(setup.device)
