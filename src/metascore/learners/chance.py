"""The floor: the best predictor that ignores the support set, which every problem has in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.learners.base import AbstractLearner, MetaLoss
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples


@dataclass(frozen=True, kw_only=True)
class Chance(AbstractLearner):
    """Learns nothing; what it scores is the zero of MetaScore."""

    family: ClassVar[str] = "control"
    citation: ClassVar[str] = "closed form"
    any_way: ClassVar[bool] = True
    learns: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ()
    relabelling_permutes: ClassVar[bool] = True

    def initialise(self, generator: torch.Generator) -> Params:
        return {}

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        return MetaLoss(self.problem.loss(partial(self.predict, params), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Params]:
        for _ in range(steps + 1):
            yield params

    def predict(self, adapted: Params, x: Tensor) -> Float[Tensor, "n way"]:
        return self.problem.blind(x)
