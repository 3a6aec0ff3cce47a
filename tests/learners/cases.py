"""Every entry of params.yaml as a case for the contract tests, at the smallest size."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from metascore.config import signatures
from metascore.config.loading import load as load_configuration
from metascore.config.params import Config
from metascore.config.recipe import Recipe, Training
from metascore.learners.base import AbstractLearner, load
from metascore.problems.base import Problem
from metascore.problems.examples import Episode
from metascore.problems.navigation import Navigation
from metascore.problems.omniglot import Omniglot
from metascore.problems.sine import Sine
from metascore.randomness import generator
from metascore.training.checks.subject import QUERY, SHOT, WAY, Subject

ROOT = Path(__file__).parents[2]
TASKS = {"omniglot": "omniglot_5w1s", "sine": "sine_5s", "navigation": "navigation"}
WIDTH = {"omniglot": 4, "sine": 16, "navigation": 16}  # 4 units of a perceptron may all be dead
CHARACTERS = 30
ON_POLICIES = ("chance", "maml")  # in the fast suite: there, a case takes ten times as long as on waves
TRAJECTORIES = 10  # for each of SHOT and QUERY: a few teach a policy nothing


@dataclass(frozen=True)
class Case:
    """One entry of params.yaml on one kind of problem."""

    entry: str
    kind: str

    def __str__(self) -> str:
        return f"{self.entry}-{self.kind}"

    @property
    def file(self) -> str:
        """The entry's file in learners/."""
        return configuration().entries[self.entry].file

    @property
    def is_variant(self) -> bool:
        """Whether the entry is like another, but for a number."""
        return len(configuration().entries[self.entry].lineage) > 1

    @property
    def recipe(self) -> Recipe:
        """The entry's recipe at budget smoke."""
        return configuration().recipe(TASKS[self.kind], self.entry)

    def learner(self, way: int = WAY) -> AbstractLearner:
        """The learner at the smallest width, for episodes of this way."""
        return self._build(problem(self.kind, way))

    def subject(self) -> Subject:
        """The learner on trial, on small episodes of noise."""
        return Subject(self._build, problem(self.kind))

    def training(self, **changes: Any) -> Training:
        """The entry's own outer optimiser."""
        return dataclasses.replace(self.recipe.training, **changes)

    def _build(self, problem: Problem) -> AbstractLearner:
        hyper_parameters = dict(self.recipe.hyper_parameters)
        if "width" in hyper_parameters:
            hyper_parameters["width"] = WIDTH[self.kind]
        return load(self.recipe.learner, problem, hyper_parameters)


def problem(kind: str, way: int = WAY) -> Problem:
    """A problem of this kind and way."""
    if kind == "omniglot":
        return Omniglot(way=way, shot=SHOT, query=QUERY, num_classes=CHARACTERS)
    if kind == "navigation":
        return Navigation(shot=TRAJECTORIES * SHOT, query=TRAJECTORIES * QUERY)
    return Sine(shot=SHOT, query=QUERY)


@cache
def configuration() -> Config:
    return load_configuration(ROOT / "params.yaml", "smoke")


def cases(is_fast: Callable[[Case], bool] | None = None) -> list[Any]:
    """A case for every entry and kind of problem that it can do; those that are not fast are for the slow suite.

    Learners' files that no entry uses yet are skipped.
    """
    is_fast = is_fast or stands_for_others
    entries = {name: configuration().entries[name].file for name in configuration().learners}
    known = [Case(entry, kind) for entry, file in entries.items() for kind in kinds(file)]
    skip = pytest.mark.skip(reason="no entry in params.yaml uses this file")
    unused = [file for file in signatures.learner_files() if file not in entries.values()]
    return [
        *(pytest.param(case, id=f"{case}", marks=[] if is_fast(case) else [pytest.mark.slow]) for case in known),
        *(pytest.param(Case(file, "omniglot"), id=file, marks=skip) for file in unused),
    ]


def kinds(file: str) -> list[str]:
    """The problems that a learner's file can do."""
    return [kind for kind in TASKS if problem(kind).has(signatures.of(file).needs)]


def stands_for_others(case: Case) -> bool:
    """Whether a case is fast: every method on images, every entry on waves, a few on policies."""
    if case.kind == "omniglot":
        return not case.is_variant
    return case.kind == "sine" or case.entry in ON_POLICIES


def is_cheapest(case: Case) -> bool:
    """Whether no other case of the same method takes less time."""
    return not case.is_variant and case.kind == ("sine" if "sine" in kinds(case.file) else "omniglot")


def initial(learner: AbstractLearner, seed: int = 0) -> dict[str, Tensor]:
    """The learner's tensors before meta-training."""
    return learner.initialise(generator(seed, "initial parameters"))


def one(episodes: Any, number: int = 0) -> Episode:
    """A single episode, without the leading axis."""
    batch = episodes.batch(torch.tensor([number]).numpy())
    return Episode(*(type(part)(*(value[0] for value in part)) for part in batch))
