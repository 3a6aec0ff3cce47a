"""Every learner on every kind of problem: it runs, gradients are the CPU's, and two runs have the same bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.gpu.carried import Carried
from benchmarks.gpu.report import Row
from benchmarks.gpu.setup import Setup, each, held_on, subject_of, training_of
from metascore.networks.tensors import Params
from metascore.problems.examples import Episodes
from metascore.randomness import generator
from metascore.training.checks.subject import EPISODES, Subject, double_precision
from metascore.training.evaluation import final_score, measured
from metascore.training.loop import TrainingRun, beginning, meta_train
from metascore.training.meta_gradient import MetaGradient

SECONDS = 60
STEPS, TINY_STEPS = 20, 2
TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-9}  # of the norm of a gradient, between CPU and GPU
LEAST = 30.0  # seconds that other sections are left with


def rows(setup: Setup) -> Iterator[Row]:
    """A row for each learner and kind of problem at the smallest size."""
    names = (({"learner": one.entry, "problem": one.problem}, _measured(setup, one)) for one in setup.kinds())
    yield from each(names, setup.deadline, LEAST)


def _measured(setup: Setup, one: Carried) -> Callable[[], Row]:
    def measure() -> Row:
        subject = subject_of(one)
        episodes = held_on(subject, setup.device)
        first, second = (_trained(setup, one, subject, episodes) for _ in range(2))
        scores = measured(final_score, subject.learner(), first, episodes)
        errors = {dtype: _error(subject, setup.device, dtype) for dtype in _types(setup.device)}
        return {
            "finite": all(bool(value.isfinite().all()) for value in first.values()),
            "score": float(np.nanmean(scores)),
            "same bits": all(torch.equal(first[name], second[name]) for name in first),
            **{f"error {str(dtype).removeprefix('torch.')}": error for dtype, error in errors.items()},
            "gradients agree": all(error <= TOLERANCE[dtype] for dtype, error in errors.items()),
        }

    return measure


def _types(device: torch.device) -> list[torch.dtype]:
    """Apple's GPUs have no double precision."""
    return [torch.float32] if device.type == "mps" else [torch.float32, torch.float64]


def _trained(setup: Setup, one: Carried, subject: Subject, episodes: Episodes) -> Params:
    """The tensors after some meta-steps."""
    iterations = TINY_STEPS if setup.tiny else STEPS
    recipe = training_of(one, iterations=iterations, meta_batch=EPISODES, validations=1)
    learner = subject.learner()
    run = TrainingRun(learner, learner, episodes, episodes, recipe, seed=0)
    start = beginning(learner, generator(0, "initial parameters"), setup.device)
    return list(meta_train(run, start))[-1].params


def _error(subject: Subject, device: torch.device, dtype: torch.dtype) -> float:
    """The largest difference of a tensor's gradient between CPU and device, relative to the norm of all gradients."""
    if dtype == torch.float64:
        with double_precision():
            here, there = (_gradient(subject, torch.device(place), dtype) for place in ("cpu", device))
    else:
        here, there = (_gradient(subject, torch.device(place), dtype) for place in ("cpu", device))
    norm = math.sqrt(sum(float(value.double().square().sum()) for value in here.values()))
    return max((float((there[name] - here[name]).norm()) / norm for name in here), default=0.0) if norm else 0.0


def _gradient(subject: Subject, device: torch.device, dtype: torch.dtype) -> Params:
    params = {name: value.to(device, dtype) for name, value in subject.params().items()}
    gradient = MetaGradient(subject.learner())(params, held_on(subject, device, dtype), np.arange(EPISODES), 0.0)[0]
    return {name: value.cpu() for name, value in gradient.items()}
