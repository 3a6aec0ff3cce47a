"""What all sections share: the device, the recipes, and learners with episodes on a device."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.gpu import carried
from benchmarks.gpu.carried import Carried
from benchmarks.gpu.report import Deadline, Row
from metascore import problems
from metascore.config.recipe import Training
from metascore.learners import base
from metascore.learners.base import AbstractLearner
from metascore.problems.base import Problem
from metascore.training.checks.subject import Held, Subject, small
from metascore.training.device import finish


@dataclass(frozen=True)
class Setup:
    """How a rehearsal or a measurement was asked for."""

    device: torch.device
    tiny: bool
    carried: Path | None
    deadline: Deadline

    @cached_property
    def recipes(self) -> list[Carried]:
        """Every resolved recipe that sections need."""
        return carried.read(self.carried)

    def judged(self, budget: str) -> list[Carried]:
        """The recipes of the learners whose scores are compared, at a budget."""
        return [one for one in self.recipes if one.budget == budget and one.task == carried.TASK]

    def kinds(self) -> list[Carried]:
        """A recipe for each learner and kind of problem; those of Omniglot serve colour pictures too."""
        every = [*self.recipes, *(_in_colour(one) for one in self.recipes if one.problem == "omniglot")]
        return list({(one.entry, one.problem): one for one in reversed(every)}.values())[::-1]

    def images(self) -> np.ndarray:
        """Omniglot (character, drawer, 28, 28), where it was carried or lies here."""
        if self.carried is not None:
            with np.load(self.carried / carried.IMAGES) as file:
                return np.asarray(file["images"])
        return np.load("data/omniglot/images.npy")

    def rows(self, one: Carried, part: str) -> np.ndarray:
        """The frozen episodes of a part."""
        folder = Path("data/episodes") if self.carried is None else self.carried / "episodes"
        return np.load(folder / one.files[part]["file"])


def _in_colour(one: Carried) -> Carried:
    """The recipe for colour pictures of a user's own, of Omniglot's size."""
    shape = {name: one.files["validation"]["problem"][name] for name in ("way", "shot", "query")}
    keys = shape | {"data_set": "noise", "split": "class", "side": 28, "channels": 3, "num_classes": 30}
    return dataclasses.replace(one, problem="images", files={"validation": {"file": "", "problem": keys}})


def problem_of(one: Carried, part: str = "validation") -> Problem:
    """The problem of a recipe, with the shape of its episodes in a part."""
    return problems.find(one.problem)(**one.files[part]["problem"])


def learner_of(one: Carried, problem: Problem) -> AbstractLearner:
    """The learner of a recipe."""
    return base.load(one.learner, problem, one.hyper_parameters)


def training_of(one: Carried, **changes: Any) -> Training:
    """The outer optimiser of a recipe."""
    return dataclasses.replace(Training(**one.training), **changes)


def subject_of(one: Carried) -> Subject:
    """The learner with small episodes of noise."""
    return Subject(lambda problem: learner_of(one, problem), small(problem_of(one)))


def held_on(subject: Subject, device: torch.device, dtype: torch.dtype = torch.float32) -> Held:
    """A subject's episodes on a device."""

    def moved(value: torch.Tensor) -> torch.Tensor:
        return value.to(device, dtype) if value.is_floating_point() else value.to(device)

    return Held(type(subject.batch())(*(type(part)(*map(moved, part)) for part in subject.batch())))


def seconds(run: Callable[[], object], device: torch.device, at_least: float, most: int = 1000) -> float:
    """Seconds of one call: the mean over calls that fill `at_least` seconds, after one that does not count."""
    run()
    finish(device)
    began, calls = time.perf_counter(), 0
    while calls == 0 or (time.perf_counter() < began + at_least and calls < most):
        run()
        calls += 1
        if device.type == "cpu" or calls % 8 == 0:
            finish(device)
    finish(device)
    return (time.perf_counter() - began) / calls


def tried(name: Row, measure: Callable[[], Row]) -> Row:
    """A row, or the error in its place."""
    try:
        return name | measure()
    except Exception as error:
        return name | {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}


def each(names: Iterator[tuple[Row, Callable[[], Row]]], deadline: Deadline, least: float) -> Iterator[Row]:
    """Row after row while more than `least` seconds are left."""
    for name, measure in names:
        if deadline.left < least:
            yield name | {"skipped": f"{deadline.left:.0f} s are left"}
            return
        yield tried(name, measure)
