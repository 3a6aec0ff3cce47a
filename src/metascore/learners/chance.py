"""The floor: the best predictor that ignores the support set.

For classification, equal logits: every class is as likely as any other, accuracy 1/N.

For regression, the predictor with the least mean squared error is the conditional mean, which sine waves have in closed
form (problems.mean_sine).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.learners.base import AbstractLearner, MetaLoss
from metascore.networks.tensors import Params
from metascore.problems.base import Episode, Examples, mean_sine


@dataclass(frozen=True, kw_only=True)
class Chance(AbstractLearner):
    """Learns nothing; what it scores is the zero of MetaScore."""

    family: ClassVar[str] = "control"
    citation: ClassVar[str] = "closed form"
    kinds: ClassVar[tuple[str, ...]] = ("classification", "regression")
    relabelling_permutes: ClassVar[bool] = True

    def initialise(self, generator: torch.Generator) -> Params:
        return {}

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        return MetaLoss(self.problem.loss(self.predict(params, episode.query.x), episode.query.y))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Params]:
        for _ in range(steps + 1):
            yield params

    def predict(self, adapted: Params, x: Tensor) -> Float[Tensor, "n way"]:
        if self.problem.kind == "regression":
            return mean_sine(x)
        return x.new_zeros(len(x), self.problem.way)
