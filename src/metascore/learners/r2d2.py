"""R2-D2: ridge regression, differentiated in closed form.

Bertinetto, Henriques, Torr and Vedaldi 2019, "Meta-learning with differentiable closed-form solvers", section 3.2.

    X         rows f(x), 1 for the n support images x; Y their classes as rows of an identity matrix
    W         = argmin over W of |X W - Y|^2 / n + lambda |W|^2
              = X^T (X X^T + n lambda I)^-1 Y         by Woodbury's identity: n equations, however many features
    p(. | x)  = softmax of alpha (f(x), 1) W
    minimise over f, lambda and alpha, by Adam:  mean over queries (x, y) of -log p(y | x)
"""

from __future__ import annotations

import math
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


class Regression(NamedTuple):
    """The state after seeing the support set."""

    params: Params
    weights: Float[Tensor, "features way"]


@dataclass(frozen=True, kw_only=True)
class R2D2(AbstractLearner):
    """Learns an embedding in which ridge regression on the support set classifies the queries."""

    family: ClassVar[str] = "metric"
    citation: ClassVar[str] = "Bertinetto et al. 2019, arXiv:1805.08136"
    any_way: ClassVar[bool] = True
    relabelling_permutes: ClassVar[bool] = True
    normalisation = "inductive"

    width: int  # filters a layer
    downsample: Literal["stride", "max_pool"] = "max_pool"
    initial_penalty: float = 50.0  # lambda before meta-training
    initial_scale: float = 10.0  # alpha before meta-training

    @cached_property
    def encoder(self) -> ConvolutionalEncoder:
        return ConvolutionalEncoder(self.width, self.downsample, self.problem.example)

    def initialise(self, generator: torch.Generator) -> Params:
        head = {"log_penalty": self.initial_penalty, "log_scale": self.initial_scale}
        moments = {STATE + name: value for name, value in self.encoder.initial_moments().items()}
        logarithms = {name: torch.tensor(math.log(value)) for name, value in head.items()}
        return self.encoder.initialise(generator) | moments | logarithms

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        # While training, support and query images are normalised together, as in the official code.
        support, query = episode
        features, moments = self.encoder.embed(params, torch.cat([support.x, query.x]))
        known, asked = with_one(features).split([len(support.x), len(query.x)])
        logits = self._answer(params, asked, self._weights(params, known, support.y))
        return MetaLoss(cross_entropy(logits, query.y).mean(), updated_running_statistics(params, moments))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Regression]:
        weights = self._weights(params, self._embed(params, support.x), support.y)
        for _ in range(steps + 1):
            yield Regression(params, weights)

    def predict(self, adapted: Regression, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        return self._answer(adapted.params, self._embed(adapted.params, x), adapted.weights)

    def _embed(self, params: Params, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n features"]:
        """Normalised by the running statistics of meta-training, so that images do not depend on each other."""
        return with_one(self.encoder.embed(params, x, running_statistics(params))[0])

    def _weights(self, params: Params, x: Float[Tensor, "n features"], y: Tensor) -> Float[Tensor, "features way"]:
        labels = torch.nn.functional.one_hot(y, self.problem.way).to(x.dtype)
        return ridge(x, labels, params["log_penalty"].exp())

    def _answer(self, params: Params, x: Tensor, weights: Tensor) -> Float[Tensor, "n way"]:
        return params["log_scale"].exp() * (x @ weights)


def ridge(
    x: Float[Tensor, "n features"], y: Float[Tensor, "n outputs"], penalty: Float[Tensor, ""]
) -> Float[Tensor, "features outputs"]:
    """The w that minimises |x w - y|^2 / n + penalty |w|^2, from n equations."""
    n = len(x)
    kernel = x @ x.T + n * penalty * torch.eye(n, dtype=x.dtype, device=x.device)
    return x.T @ torch.linalg.solve_ex(kernel, y).result


def with_one(x: Float[Tensor, "n features"]) -> Float[Tensor, "n features_and_one"]:
    """Features and the constant 1, whose weight is the bias."""
    return torch.cat([x, x.new_ones(len(x), 1)], 1)
