"""The duration of a learner's meta-steps, and the number of them that fill a given time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle

import torch

from metascore.randomness import generator
from metascore.training import machine
from metascore.training.loop import TrainingRun, beginning
from metascore.training.meta_gradient import MetaGradient
from metascore.training.meta_steps import MetaSteps, capture_on
from metascore.training.outer import OuterOptimiser

POINTS = 16  # of a training, evenly spread: where phases change, so does the cost of a meta-step
TINY_RATE = 1e-12  # an outer rate that moves nothing, so that nothing can diverge


@dataclass(frozen=True)
class Pace:
    """Seconds of one meta-step, as the mean over a training, and seconds that the start takes once."""

    step: float
    start: float

    def iterations(self, seconds: float) -> int:
        """The number of meta-steps that fill these seconds: at least one."""
        return max(1, int((seconds - self.start) / self.step))


def measured(run: TrainingRun, device: torch.device, seconds: float) -> Pace:
    """The pace of a learner, from a training of at least `seconds` whose result is discarded.

    The fastest round counts, since other processes only slow a round down.
    """
    steps, clock = _steps(run, device), machine.clock()
    first = _time(clock, steps)
    rounds = [_time(clock, steps)]
    while sum(rounds) < seconds:
        rounds.append(_time(clock, steps))
    return Pace(min(rounds) / POINTS, max(0.0, first - min(rounds)))


def _time(clock: Callable[[], float], steps: Iterator[float]) -> float:
    """Seconds of one round."""
    began = clock()
    for _ in range(POINTS):
        next(steps)
    return clock() - began


def _steps(run: TrainingRun, device: torch.device) -> Iterator[float]:
    """Endless meta-steps; each round is at the same points of the training."""
    recipe = replace(run.recipe, iterations=POINTS, meta_lr=TINY_RATE, final_lr=TINY_RATE)
    run = replace(run, recipe=recipe)
    params = dict(beginning(run.learner, generator(run.seed, "initial parameters"), device).params)
    optimiser, gradient = OuterOptimiser(recipe, params, {}), MetaGradient(run.learner, recipe.chunk_size)
    step = MetaSteps(run, gradient, params, optimiser, capture_on(device))
    for iteration in cycle(range(POINTS)):
        yield step(iteration)
