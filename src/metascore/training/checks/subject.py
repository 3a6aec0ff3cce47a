"""The learner that checks try, with small episodes of noise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from metascore.errors import UserError
from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.problems.base import Problem
from metascore.problems.examples import Episode, Episodes, Examples
from metascore.randomness import generator

WAY, SHOT, QUERY = 3, 2, 3
EPISODES = 4
STEPS = 2  # of adaptation


def small(problem: Problem) -> Problem:
    """The problem with the shape of episodes that checks are made with."""
    shape = {"way": WAY, "shot": SHOT, "query": QUERY}
    return replace(problem, **{key: shape[key] for key in shape.keys() & problem.task_keys().keys()})


@dataclass(frozen=True)
class Subject:
    """A learner, as a function of the problem, and the problem that it is tried on."""

    build: Callable[[Problem], AbstractLearner]
    problem: Problem

    def learner(self, more: int = 0) -> AbstractLearner:
        """The learner, for episodes with so many more shots and queries."""
        return self.build(replace(self.problem, shot=self.problem.shot + more, query=self.problem.query + more))

    def params(self, seed: int = 0) -> Params:
        """Its tensors before meta-training."""
        return self.learner().initialise(generator(seed, "initial parameters"))

    def batch(self, numbers: np.ndarray | None = None) -> Episode:
        """Episodes, every tensor with a leading axis."""
        episodes = [self.episode(int(number)) for number in (np.arange(EPISODES) if numbers is None else numbers)]
        return tree_map(lambda *parts: torch.stack(parts), *episodes)

    def episode(self, number: int = 0) -> Episode:
        """One of many episodes, in the default precision."""
        random = generator(number, "episode of a check")
        return Episode(self._examples(random, self.problem.shot), self._examples(random, self.problem.query))

    def adapted(self, params: Params, support: Examples, steps: int = STEPS) -> list[Any]:
        """The states after 0, 1, ... steps."""
        return list(self.learner().adapt(params, support, steps))

    def outputs(self, params: Params, support: Examples, x: Tensor) -> Tensor:
        """What it predicts after the last step."""
        return self.learner().predict(self.adapted(params, support)[-1], x)

    def _examples(self, random: torch.Generator, shot: int) -> Examples:
        """Shot by shot where there are classes."""
        labels = torch.arange(self.problem.way).repeat(shot)
        x = torch.rand(len(labels), *self.problem.example, generator=random)
        numbers = torch.randn(len(labels), *self.problem.target, generator=random)
        return Examples(x, labels if self.problem.has_classes else numbers, labels)


@dataclass
class Held(Episodes):
    """Episodes that are always the same tensors, so that a change in place shows."""

    episodes: Episode  # with a leading axis

    def __len__(self) -> int:
        return len(self.episodes.query.y)

    def batch(self, index: np.ndarray) -> Episode:
        return self.episodes


def fault(what: str, cure: str) -> NoReturn:
    """Raise UserError: what is wrong and how to mend it, in one line."""
    raise UserError(f"{what}: {cure}")


@contextlib.contextmanager
def double_precision() -> Iterator[None]:
    """New tensors have double precision, in which the order of sums hardly matters."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in a nest of dictionaries, sequences and objects, in their order."""
    for leaf in tree_leaves(value):
        if isinstance(leaf, Tensor):
            yield leaf
        elif hasattr(leaf, "__dict__") and not isinstance(leaf, type):
            yield from tensors(vars(leaf))


def copies(value: Any) -> list[Tensor]:
    """The values of these tensors now."""
    return [tensor.detach().clone() for tensor in tensors(value)]


def same(left: list[Tensor], right: list[Tensor]) -> bool:
    """Whether these are the same tensors bit by bit."""
    return len(left) == len(right) and all(torch.equal(a, b) for a, b in zip(left, right, strict=True))
