"""ProtoNet and MAML with 64 filters, as long as their papers train or as time allows: where time remains."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.gpu import quick
from benchmarks.gpu.carried import Carried
from benchmarks.gpu.report import Row
from benchmarks.gpu.setup import Setup, training_of
from metascore.randomness import generator
from metascore.training.loop import Snapshot, beginning, meta_train

SECONDS = 60
WIDTH = 64
ITERATIONS = {"protonet": 20_000, "maml": 60_000}
RESERVED = 20.0  # seconds


def rows(setup: Setup) -> Iterator[Row]:
    """Validation scores as training goes on, an equal share of the time for each learner."""
    chosen = [one for one in setup.judged("quick") if one.entry in ITERATIONS]
    for number, one in enumerate(chosen):
        yield _row(setup, one, (setup.deadline.left - RESERVED) / (len(chosen) - number))


def _row(setup: Setup, one: Carried, allowed: float) -> Row:
    wide = replace(one, hyper_parameters=dict(one.hyper_parameters) | {"width": WIDTH})
    began, last = time.monotonic(), None
    for last in _snapshots(setup, wide):  # noqa: B007  the last one counts
        if time.monotonic() > began + allowed:
            break
    history = [] if last is None else last.history
    return {
        "learner": one.entry,
        "iterations": 0 if last is None else last.iteration,
        "of": ITERATIONS[one.entry],
        "seconds": time.monotonic() - began,
        "validation": history[-1]["validation"] if history else None,
    }


def _snapshots(setup: Setup, one: Carried) -> Iterator[Snapshot]:
    iterations = 2 if setup.tiny else ITERATIONS[one.entry]
    recipe = training_of(one, iterations=iterations, validations=2 if setup.tiny else 100)
    run = quick.run_of(setup, one, recipe)
    return meta_train(run, beginning(run.learner, generator(0, "initial parameters"), setup.device))
