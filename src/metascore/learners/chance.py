"""The floor: the best predictor that ignores the support set.

For classification, equal logits: every class is as likely as any other, accuracy 1/N.

For regression on sine waves y = A sin(x - phase), A uniform on [a, b], phase uniform on [0, pi] (Finn et al.
2017), the predictor with the least mean squared error is the conditional mean, in closed form

    E[y | x] = E[A] (1/pi) integral_0^pi sin(x - phase) dphase = -(a + b)/2 * (2/pi) cos(x)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.episodes import SINE_AMPLITUDE
from metascore.learners.base import AbstractLearner, MetaLoss
from metascore.networks import Params
from metascore.problems import Episode, Examples


class Chance(AbstractLearner):
    """Learns nothing; what it scores is the zero of MetaScore."""

    family: ClassVar[str] = "control"
    citation: ClassVar[str] = "closed form"
    kinds: ClassVar[tuple[str, ...]] = ("classification", "regression")
    relabelling_permutes: ClassVar[bool] = True
    batch_norm = "none"

    def initialise(self, generator: torch.Generator) -> Params:
        return {}

    def meta_loss(self, params: Params, episode: Episode, progress: float) -> MetaLoss:
        return MetaLoss(self.problem.loss(self.predict(params, episode.query.x), episode.query.y))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Params]:
        for _ in range(steps + 1):
            yield params

    def predict(self, adapted: Params, x: Tensor) -> Float[Tensor, "n way"]:
        if self.problem.kind == "regression":
            return mean_sine(x)
        return x.new_zeros(len(x), self.problem.way)


def mean_sine(x: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """E[A sin(x - phase)] over amplitudes and phases."""
    return -(sum(SINE_AMPLITUDE) / 2) * (2 / math.pi) * torch.cos(x)
