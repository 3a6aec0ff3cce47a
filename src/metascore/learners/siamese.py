"""Siamese networks.

Koch, Zemel and Salakhutdinov 2015, "Siamese neural networks for one-shot image recognition", section 3.

    h(x)       the embedding, the same network for both images of a pair (twins)
    z(x, x')   = b - sum over j of alpha_j |h_j(x) - h_j(x')|
    p(same)    = sigmoid(z)
    minimise over h, alpha and b, by Adam: the cross-entropy of p over pairs of a support and a query image, of
               which those of the same class weigh as much as those of different classes
    a query takes the class of its most similar support image
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from metascore.learners.base import STATE, AbstractLearner, MetaLoss, running_statistics, updated_running_statistics
from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples


class Gallery(NamedTuple):
    """The state after seeing the support set."""

    params: Params
    features: Float[Tensor, "support features"]
    y: Tensor  # (support,)


@dataclass(frozen=True, kw_only=True)
class Siamese(AbstractLearner):
    """Learns whether two images show the same character."""

    family: ClassVar[str] = "metric"
    citation: ClassVar[str] = "Koch, Zemel and Salakhutdinov 2015, ICML Deep Learning Workshop"
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
        features = self.encoder.features
        similarity = {"similarity.weight": torch.full((features,), 1 / features), "similarity.bias": torch.zeros(())}
        return self.encoder.initialise(generator) | similarity | moments

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        # While training, support and query images are normalised together.
        support, query = episode
        features, moments = self.encoder.embed(params, torch.cat([support.x, query.x]))
        gallery, queries = features.split([len(support.x), len(query.x)])
        same = query.y[:, None] == support.y
        return MetaLoss(
            balanced_cross_entropy(pair_logits(params, queries, gallery), same),
            updated_running_statistics(params, moments),
        )

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Gallery]:
        features = self._embed(params, support.x)
        for _ in range(steps + 1):
            yield Gallery(params, features, support.y)

    def predict(self, adapted: Gallery, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        logits = pair_logits(adapted.params, self._embed(adapted.params, x), adapted.features)
        other = adapted.y[:, None] != torch.arange(self.problem.way, device=x.device)
        return logits[:, :, None].masked_fill(other, -torch.inf).amax(1)

    def _embed(self, params: Params, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n features"]:
        """Normalised by the running statistics of meta-training, so that images do not depend on each other."""
        return self.encoder.embed(params, x, running_statistics(params))[0]


def pair_logits(params: Params, a: Float[Tensor, "n features"], b: Float[Tensor, "m features"]) -> Float[Tensor, "n m"]:
    """z: the log-odds that a pair of images is of one class."""
    return params["similarity.bias"] - (a[:, None] - b[None]).abs() @ params["similarity.weight"]


def balanced_cross_entropy(logits: Float[Tensor, "n m"], same: Bool[Tensor, "n m"]) -> Float[Tensor, ""]:
    """Mean over the pairs of one class and mean over those of two classes, half and half."""
    positive = (functional.softplus(-logits) * same).sum() / same.sum()
    negative = (functional.softplus(logits) * ~same).sum() / (~same).sum()
    return (positive + negative) / 2
