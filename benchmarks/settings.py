"""What is measured: episodes of four shapes, the field's standard network, and the arithmetic's floor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from metascore.learners.maml import MAML
from metascore.networks.encoder import LAYERS
from metascore.networks.tensors import Params
from metascore.problems.omniglot import Omniglot
from metascore.problems.pictures import Gathered
from metascore.randomness import generator

CHARACTERS = 30
WIDTH = 64
INNER_LR = 0.4
SECOND_ORDER_PASSES = 9  # in units of one forward pass: for each support image and inner step
FIRST_ORDER_PASSES = 3
TEST_STEPS = 10
QUERY_PASSES = 3
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Setting:
    """A shape of episodes, a number of inner steps and the order of the meta-gradient."""

    way: int
    shot: int
    query: int
    steps: int
    first_order: bool
    tasks: int  # episodes in one meta-gradient

    @property
    def name(self) -> str:
        return f"{self.shape}, {self.steps} {'step' if self.steps == 1 else 'steps'}"

    @property
    def shape(self) -> str:
        queries = "query" if self.query == 1 else "queries"
        return f"{self.way}-way {self.shot}-shot, {self.query} {queries} a class"

    def with_tasks(self, tasks: int) -> Setting:
        return replace(self, tasks=tasks)

    @property
    def problem(self) -> Omniglot:
        return Omniglot(way=self.way, shot=self.shot, query=self.query, num_classes=CHARACTERS)

    def learner(self) -> MAML:
        return MAML(
            self.problem,
            width=WIDTH,
            inner_lr=INNER_LR,
            train_steps=self.steps,
            test_steps=TEST_STEPS,
            first_order=self.first_order,
        )

    def params(self, device: torch.device = CPU) -> Params:
        return {name: value.to(device) for name, value in self.learner().initialise(generator(0, "benchmark")).items()}

    def episodes(self, device: torch.device = CPU) -> Gathered:
        """Noise: what the images show doesn't change how long they take."""
        rows = self.problem.draw_among(list(range(CHARACTERS)), "train", self.tasks, rotate=False, seed=0)
        noise = np.random.default_rng(0).integers(0, 256, (CHARACTERS, 20, 28, 28), dtype=np.uint8)
        return self.problem.episodes(rows, torch.from_numpy(noise).to(device))

    def operations(self) -> int:
        """Floating-point operations of one task's meta-gradient that no implementation can save."""
        support, query = self.way * self.shot, self.way * self.query
        passes = FIRST_ORDER_PASSES if self.first_order else SECOND_ORDER_PASSES
        return (passes * self.steps * support + QUERY_PASSES * query) * forward_operations(self.way)


def test_operations(setting: Setting) -> int:
    """Those of one task's adaptation at test, and of the judgement of its queries."""
    support, query = setting.way * setting.shot, setting.way * setting.query
    return (FIRST_ORDER_PASSES * TEST_STEPS * support + query) * forward_operations(setting.way)


def forward_operations(way: int) -> int:
    """Floating-point operations of one image's forward pass: four 3 x 3 convolutions with stride 2, a linear head."""
    total, side, channels = 0, 28, 1
    for _ in range(LAYERS):
        side = -(-side // 2)
        total += 2 * side * side * 9 * channels * WIDTH
        channels = WIDTH
    return total + 2 * side * side * WIDTH * way


SHAPES = ((5, 1, 1, 1, 16), (5, 1, 15, 1, 16), (5, 5, 5, 5, 8), (20, 1, 1, 5, 8))


def settings() -> list[Setting]:
    """Four shapes, each with both orders."""
    return [Setting(*shape[:4], first_order=order, tasks=shape[4]) for shape in SHAPES for order in (False, True)]
