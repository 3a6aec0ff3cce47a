"""Tasks a second of the meta-gradient: against one core, against a plain loop, higher and torchopt, by meta-batch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import cast

import numpy as np
import torch
from torch.fx import GraphModule

from benchmarks.gpu.facts import rate
from benchmarks.gpu.report import Row
from benchmarks.gpu.setup import Setup, each, seconds
from benchmarks.peers import gradients
from benchmarks.settings import CPU, Setting, settings
from metascore.config.recipe import Training
from metascore.training.loop import TrainingRun
from metascore.training.meta_gradient import MetaGradient
from metascore.training.meta_steps import MetaSteps, capture_on
from metascore.training.outer import OuterOptimiser
from metascore.training.replay import Recorder

SECONDS = 60
BATCHES, TINY_BATCHES = (1, 8, 32, 128), (1, 2)
COMPILED_TASKS = 32  # the compiler takes half a minute
MANY = 1_000_000  # meta-steps
PEER_TASKS = 8  # a plain loop takes as long for each task of a batch
LEAST = 30.0

Way = Callable[[Setting, torch.device], Callable[[], object]]


def rows(setup: Setup) -> Iterator[Row]:
    """A row for each cell of `make bench` and meta-batch, after one for each cell on a core of this machine."""
    cells = settings()[:2] if setup.tiny else settings()
    terms = rate(setup) * 1e12
    yield from each(
        ((_name(cell, tasks), partial(_row, setup, cell, tasks, terms)) for cell in cells for tasks in _batches(setup)),
        setup.deadline,
        LEAST,
    )


def _batches(setup: Setup) -> tuple[int, ...]:
    return TINY_BATCHES if setup.tiny else BATCHES


def _name(cell: Setting, tasks: int) -> Row:
    return {"setting": cell.name, "order": "first" if cell.first_order else "second", "meta-batch": tasks}


def _row(setup: Setup, cell: Setting, tasks: int, terms: float) -> Row:
    cell, at_least = cell.with_tasks(tasks), 0.01 if setup.tiny else 0.5
    rates: dict[str, float] = {}
    row: Row = {}
    for name, make in _ways(setup, tasks).items():
        try:
            rates[name] = tasks / seconds(make(cell, setup.device), setup.device, at_least)
            row[f"{name}, tasks/s"] = rates[name]
        except Exception as error:  # one way that does not work leaves the others
            row[f"{name}, tasks/s"] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    best = max(rates.values())
    row["share of the card"] = best * cell.operations() / terms
    return row | _beside(setup, cell, best, at_least) if tasks in (PEER_TASKS, TINY_BATCHES[-1]) else row


def _ways(setup: Setup, tasks: int) -> dict[str, Way]:
    """The meta-gradient replayed; a whole meta-step, a graph where there is a GPU; the recording compiled."""
    ways: dict[str, Way] = {"replayed": _replayed, "meta-step": _meta_step}
    return ways | {"compiled": _compiled} if tasks == COMPILED_TASKS else ways


def _replayed(cell: Setting, device: torch.device) -> Callable[[], object]:
    params, episodes = cell.params(device), cell.episodes(device)
    gradient = MetaGradient(cell.learner(), cell.tasks, Recorder(patience=0))
    return lambda: gradient(params, episodes, np.arange(cell.tasks), 0.0)


def _meta_step(cell: Setting, device: torch.device) -> Callable[[], object]:
    params, episodes = cell.params(device), cell.episodes(device)
    recipe = Training(iterations=MANY, meta_batch=cell.tasks)
    run = TrainingRun(cell.learner(), cell.learner(), episodes, episodes, recipe, seed=0)
    gradient = MetaGradient(cell.learner(), cell.tasks)
    step = MetaSteps(run, gradient, params, OuterOptimiser(recipe, params, {}), capture_on(device))
    iterations = itertools.count()
    return lambda: step(next(iterations))


def _compiled(cell: Setting, device: torch.device) -> Callable[[], object]:
    params, episodes = cell.params(device), cell.episodes(device)
    recorder = Recorder(patience=0)
    gradient = MetaGradient(cell.learner(), cell.tasks, recorder)
    gradient(params, episodes, np.arange(cell.tasks), 0.0)
    for recording in recorder.recordings():
        recording.operations = cast(GraphModule, torch.compile(recording.operations))
    return lambda: gradient(params, episodes, np.arange(cell.tasks), 0.0)


def _beside(setup: Setup, cell: Setting, ours: float, at_least: float) -> Row:
    """Against one core of this machine, and against other libraries on the same device."""
    core = cell.tasks / seconds(_replayed(cell, CPU), CPU, at_least)
    row: Row = {"one core, tasks/s": core, "times one core": ours / core}
    params, batch = cell.params(setup.device), cell.episodes(setup.device).batch(np.arange(cell.tasks))
    for name, peer in gradients().items():
        found = cell.tasks / seconds(partial(peer, cell, params, batch), setup.device, at_least, most=20)
        row |= {f"{name}, tasks/s": found, f"times {name}": ours / found}
    return row
