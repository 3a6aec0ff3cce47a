"""The training loop of all learners. It yields snapshots, can start from one, and touches no file."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from metascore.config.recipe import Training
from metascore.learners.base import AbstractLearner, file_of
from metascore.learners.learner_errors import learner_errors
from metascore.networks.tensors import Params
from metascore.problems.examples import Episodes
from metascore.training import machine
from metascore.training.evaluation import final_score, measured
from metascore.training.meta_gradient import MetaGradient
from metascore.training.meta_steps import MetaSteps, capture_on
from metascore.training.outer import OuterOptimiser
from metascore.training.replay import Recorder


@dataclass
class Snapshot:
    """The state of meta-training: training that goes on from it gives the same bits."""

    iteration: int
    params: Params
    best: Params  # the tensors of the best validation score so far
    best_score: float = math.nan
    optimiser: dict[str, Tensor] = field(default_factory=dict)
    seconds: float = 0.0  # spent in meta-steps, without validation: see training.machine.clock
    history: list[dict[str, float]] = field(default_factory=list)  # the rows of training.csv
    losses: list[float] = field(default_factory=list)  # of the meta-steps since the last row


@dataclass(frozen=True)
class TrainingRun:
    """A learner, its training and validation episodes, its recipe and its seed.

    Training episodes may have another shape than the task, so the learner is built for each shape.
    """

    learner: AbstractLearner  # for the shape of the training episodes
    validation_learner: AbstractLearner  # for the shape of the task
    episodes: Episodes
    validation: Episodes
    recipe: Training
    seed: int


def beginning(learner: AbstractLearner, generator: torch.Generator, device: torch.device) -> Snapshot:
    """The snapshot before the first meta-step."""
    with learner_errors(file_of(learner)):
        params = {name: value.to(device) for name, value in learner.initialise(generator).items()}
    return Snapshot(0, params, best=params)


def meta_train(run: TrainingRun, start: Snapshot, is_time: Callable[[], bool] = lambda: False) -> Iterator[Snapshot]:
    """Yield a snapshot after every validation, the last of which is the end of meta-training.

    It yields one more after each meta-step where `is_time()` is true. Raises UserError where the loss is not finite.
    """
    recipe, snapshot = run.recipe, start
    gradient, validation = MetaGradient(run.learner, recipe.chunk_size), Recorder()
    points = validation_points(recipe)
    while snapshot.iteration < points[-1] or not snapshot.history:
        target = next(point for point in points if point > snapshot.iteration or not snapshot.history)
        snapshot = _advanced(run, gradient, snapshot, target, is_time)
        if snapshot.iteration == target:
            snapshot = _validated(run, snapshot, validation)
        yield snapshot


def validation_points(recipe: Training) -> list[int]:
    """The iterations after which the validation episodes are scored: evenly spread up to the last one."""
    count = min(recipe.validations, recipe.iterations)
    return [recipe.iterations * i // count for i in range(1, count + 1)] if count else [0]


def _advanced(
    run: TrainingRun, gradient: MetaGradient, snapshot: Snapshot, target: int, is_time: Callable[[], bool]
) -> Snapshot:
    """Meta-steps up to iteration `target`, or until it is time for a snapshot."""
    iteration, losses = snapshot.iteration, list(snapshot.losses)
    params = {name: value.clone() for name, value in snapshot.params.items()}
    optimiser = OuterOptimiser(run.recipe, params, snapshot.optimiser)
    clock = machine.clock()
    began = clock()
    step = MetaSteps(run, gradient, params, optimiser, capture_on(machine.device()))
    while iteration < target:
        losses.append(step(iteration))
        iteration += 1
        if is_time():
            break
    return replace(
        snapshot,
        iteration=iteration,
        params=params,
        optimiser=optimiser.tensors(),
        seconds=snapshot.seconds + clock() - began,
        losses=losses,
    )


def _validated(run: TrainingRun, snapshot: Snapshot, recorder: Recorder) -> Snapshot:
    """The snapshot with a new row in its history, and with its tensors as the best ones if they score best."""
    learner, size = run.validation_learner, run.recipe.chunk_size
    scores = measured(final_score, learner, snapshot.params, run.validation, size, recorder)
    score = float(learner.problem.scale.counted(scores).mean(dtype=np.float64))
    row = {
        "iteration": snapshot.iteration,
        "tasks": snapshot.iteration * run.recipe.meta_batch,
        "seconds": round(snapshot.seconds, 3),
        "loss": float(np.mean(snapshot.losses)) if snapshot.losses else math.nan,
        "validation": score,
    }
    validated = replace(snapshot, history=[*snapshot.history, row], losses=[])
    if not snapshot.history or learner.problem.better(score, snapshot.best_score):
        return replace(validated, best=snapshot.params, best_score=score)
    return validated
