"""Meta-SGD.

Li, Zhou, Chen and Li 2017, "Meta-SGD: learning to learn quickly for few-shot learning", algorithm 1.

    theta' = theta - alpha o grad L_support(theta)      o multiplies element by element; alpha is shaped like theta
    minimise over theta and alpha, by Adam:  mean over episodes of L_query(theta')

Adaptation is that one step: alpha sets its length and, since an element may turn negative, its direction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad

from metascore.learners.base import AbstractLearner, MetaLoss, last
from metascore.networks.network import Network
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples

RATE = "rate."


@dataclass(frozen=True, kw_only=True)
class MetaSGD(AbstractLearner):
    """Learns an initialisation theta, and a rate alpha for each of its numbers."""

    family: ClassVar[str] = "optimisation"
    citation: ClassVar[str] = "Li, Zhou, Chen and Li 2017, arXiv:1707.09835"
    needs: ClassVar[tuple[str, ...]] = ()
    adapts: ClassVar[bool] = True
    gradient_order = 2
    normalisation = "transductive"
    train_steps = 1
    test_steps = 1  # alpha is learned for a single step: driven further, the adaptation diverges

    width: int  # filters a layer, or units of a perceptron
    downsample: Literal["stride", "max_pool"] = "stride"
    lowest_rate: float  # of the elements of alpha, at first
    highest_rate: float

    @cached_property
    def network(self) -> Network:
        return Network.of(self.problem, self.width, self.downsample)

    def initialise(self, generator: torch.Generator) -> Params:
        theta = self.network.initialise(generator)
        alpha = {RATE + name: self._rates(value.shape, generator) for name, value in theta.items()}
        return theta | alpha

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        adapted = last(self.adapt(params, episode.support, self.train_steps))
        return MetaLoss(self.problem.loss(partial(self.predict, adapted), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Params]:
        def support_loss(theta: Params, step: int) -> Tensor:
            return self.problem.loss(partial(self.network, theta), support, step)

        theta = {name: value for name, value in params.items() if not name.startswith(RATE)}
        yield theta
        for step in range(steps):
            gradient = grad(support_loss)(theta, step)
            theta = {name: value - params[RATE + name] * gradient[name] for name, value in theta.items()}
            yield theta

    def predict(self, adapted: Params, x: Tensor) -> Float[Tensor, "n way"]:
        return self.network(adapted, x)

    def _rates(self, shape: torch.Size, generator: torch.Generator) -> Tensor:
        """Uniform between the lowest and the highest initial rate."""
        interval = self.highest_rate - self.lowest_rate
        return self.lowest_rate + interval * torch.rand(shape, generator=generator)
