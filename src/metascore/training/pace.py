"""How long a learner's meta-steps take: how many of them fill a given time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle

import torch

from metascore.randomness import generator
from metascore.training import machine
from metascore.training.loop import TrainingRun, beginning, meta_step
from metascore.training.meta_gradient import MetaGradient
from metascore.training.outer import OuterOptimiser

POINTS = 16  # of a training, evenly spread: where phases change, so does the cost of a meta-step
STAYS = 1e-12  # an outer rate that moves nothing, so that nothing can diverge


@dataclass(frozen=True)
class Pace:
    """Seconds of one meta-step, on the average over a training, and of what comes once before the first ones."""

    step: float
    start: float

    def iterations(self, seconds: float) -> int:
        """How many meta-steps fill so many seconds: at least one."""
        return max(1, int((seconds - self.start) / self.step))


def measured(setting: TrainingRun, device: torch.device, seconds: float) -> Pace:
    """The pace of a learner, from meta-steps of a training that nobody keeps, at least for so many seconds.

    The quickest round counts: what else runs on the machine makes a round slower, never quicker.
    """
    steps, clock = _steps(setting, device), machine.clock()
    first = _time(clock, steps)
    rounds = [_time(clock, steps)]
    while sum(rounds) < seconds:
        rounds.append(_time(clock, steps))
    return Pace(min(rounds) / POINTS, max(0.0, first - min(rounds)))


def _time(clock: Callable[[], float], steps: Iterator[float]) -> float:
    """Of one round."""
    began = clock()
    for _ in range(POINTS):
        next(steps)
    return clock() - began


def _steps(setting: TrainingRun, device: torch.device) -> Iterator[float]:
    """Meta-steps without end; each time around at the same points of the training."""
    recipe = replace(setting.recipe, iterations=POINTS, meta_lr=STAYS, final_lr=STAYS)
    setting = replace(setting, recipe=recipe)
    params = dict(beginning(setting.learner, generator(setting.seed, "initial parameters"), device).params)
    optimiser, gradient = OuterOptimiser(recipe, params, {}), MetaGradient(setting.learner, recipe.chunk_size)
    for iteration in cycle(range(POINTS)):
        yield meta_step(setting, gradient, params, optimiser, iteration)
