"""Prototypical networks.

Snell, Swersky and Zemel 2017, "Prototypical networks for few-shot learning", equations 1 and 2.

    c_n       = mean over the support images x of class n of f(x)                    a prototype
    p(n | x)  = softmax over n of -||f(x) - c_n||^2
    minimise over f, by Adam:  mean over queries (x, y) of -log p(y | x)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.learners.base import STATE, AbstractLearner, MetaLoss, running_statistics, updated_running_statistics
from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples
from metascore.problems.supervised import cross_entropy


class Prototypes(NamedTuple):
    """The state after seeing the support set."""

    params: Params
    centres: Float[Tensor, "way features"]


@dataclass(frozen=True, kw_only=True)
class ProtoNet(AbstractLearner):
    """Learns an embedding in which a class is a ball around the mean of its support images."""

    family: ClassVar[str] = "metric"
    citation: ClassVar[str] = "Snell, Swersky and Zemel 2017, arXiv:1703.05175"
    any_way: ClassVar[bool] = True
    relabelling_permutes: ClassVar[bool] = True
    normalisation = "inductive"

    width: int  # filters a layer
    downsample: Literal["stride", "max_pool"] = "max_pool"

    @cached_property
    def encoder(self) -> ConvolutionalEncoder:
        return ConvolutionalEncoder(self.width, self.downsample, self.problem.example)

    def initialise(self, generator: torch.Generator) -> Params:
        moments = {STATE + name: value for name, value in self.encoder.initial_moments().items()}
        return self.encoder.initialise(generator) | moments

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        # While training, support and query images are normalised together, as in the official code.
        images = torch.cat([episode.support.x, episode.query.x])
        features, moments = self.encoder.embed(params, images)
        support, queries = features.split([len(episode.support.x), len(episode.query.x)])
        logits = -squared_distance(queries, self._centres(support, episode.support.y))
        return MetaLoss(cross_entropy(logits, episode.query.y).mean(), updated_running_statistics(params, moments))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Prototypes]:
        features = self._embed(params, support.x)
        for _ in range(steps + 1):
            yield Prototypes(params, self._centres(features, support.y))

    def predict(self, adapted: Prototypes, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        return -squared_distance(self._embed(adapted.params, x), adapted.centres)

    def _embed(self, params: Params, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n features"]:
        """Normalised by the running statistics of meta-training, so that images do not depend on each other."""
        return self.encoder.embed(params, x, running_statistics(params))[0]

    def _centres(self, features: Float[Tensor, "n features"], y: Tensor) -> Float[Tensor, "way features"]:
        one_hot = torch.nn.functional.one_hot(y, self.problem.way).to(features.dtype)
        return one_hot.T @ features / self.problem.shot


def squared_distance(a: Float[Tensor, "n d"], b: Float[Tensor, "m d"]) -> Float[Tensor, "n m"]:
    """Squared Euclidean distances, without the cancellation of the expanded square."""
    return (a[:, None] - b[None]).square().sum(2)
