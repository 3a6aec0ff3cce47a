"""Every entry of params.yaml as a case for the contract tests, at the smallest size."""

import dataclasses
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
from metascore.problems.base import Episode, Problem
from metascore.problems.navigation import Navigation
from metascore.problems.omniglot import Omniglot
from metascore.problems.sine import Sine
from metascore.randomness import generator
from metascore.training.checks.subject import QUERY, SHOT, WAY, Subject

ROOT = Path(__file__).parents[2]
TASKS = {"omniglot": "omniglot_5w1s", "sine": "sine_5s", "navigation": "navigation"}
WIDTH = {"omniglot": 4, "sine": 16, "navigation": 16}  # 4 units of a perceptron may all be dead
CHARACTERS = 30
TRAJECTORIES = 10  # for each of SHOT and QUERY: a few teach a policy nothing


@dataclass(frozen=True)
class Case:
    """One entry of params.yaml on one kind of problem."""

    entry: str
    kind: str

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
    of = {"shot": SHOT, "query": QUERY, "characters": CHARACTERS}
    if kind == "omniglot":
        return Omniglot(way=way, **of)
    if kind == "navigation":
        return Navigation(shot=TRAJECTORIES * SHOT, query=TRAJECTORIES * QUERY)
    return Sine(**of)


@cache
def configuration() -> Config:
    return load_configuration(ROOT / "params.yaml", "smoke")


def cases() -> list[Any]:
    """A case for every entry and kind of problem; learners' files that no entry uses yet are skipped."""
    known, used = [], set()
    for entry in configuration().learners:
        file = configuration().entries[entry].file
        used.add(file)
        known += [
            pytest.param(Case(entry, kind), id=f"{entry}-{kind}")
            for kind in TASKS
            if problem(kind).has(signatures.needs(file))
        ]
    skip = pytest.mark.skip(reason="no entry in params.yaml uses this file")
    unused = [file for file in signatures.learner_files() if file not in used]
    return known + [pytest.param(Case(file, "omniglot"), id=file, marks=skip) for file in unused]


def initial(learner: AbstractLearner, seed: int = 0) -> dict[str, Tensor]:
    """The learner's tensors before meta-training."""
    return learner.initialise(generator(seed, "initial parameters"))


def one(episodes: Any, number: int = 0) -> Episode:
    """A single episode, without the leading axis."""
    batch = episodes.batch(torch.tensor([number]).numpy())
    return Episode(*(type(part)(*(value[0] for value in part)) for part in batch))
