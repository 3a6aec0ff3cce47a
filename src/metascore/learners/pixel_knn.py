"""Nearest neighbour on pixels: what a task gives away without any learning.

The first row of table 1 of Vinyals et al. 2016, "Matching networks for one shot learning" ("pixels", cosine).

    s_n(x) = max over the support images x_i of class n of  <x, x_i> / (||x|| ||x_i||)
    the class of x is the n with the greatest s_n
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from metascore.learners.base import AbstractLearner, MetaLoss
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples


@dataclass(frozen=True, kw_only=True)
class PixelKNN(AbstractLearner):
    """Learns nothing: a query takes the class of the support image with the most similar pixels."""

    family: ClassVar[str] = "control"
    citation: ClassVar[str] = "Vinyals et al. 2016, table 1, arXiv:1606.04080"
    any_way: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ("has_classes",)
    learns: ClassVar[bool] = False
    relabelling_permutes: ClassVar[bool] = True

    def initialise(self, generator: torch.Generator) -> Params:
        return {}

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        return MetaLoss(self.problem.loss(partial(self.predict, episode.support), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Examples]:
        for _ in range(steps + 1):
            yield support

    def predict(self, adapted: Examples, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        similarity = directions(x) @ directions(adapted.x).T
        other = adapted.y[:, None] != torch.arange(self.problem.way, device=x.device)
        return similarity[:, :, None].masked_fill(other, -torch.inf).amax(1)


def directions(x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n pixels"]:
    """Images as vectors of length 1."""
    return functional.normalize(x.flatten(1), dim=1)
