"""Training from scratch: what the support set alone can teach a network.

The control of Finn et al. 2017, section 5.1 and of Chen et al. 2019, without any pre-training.

    theta_0     = a random initialisation
    theta_{k+1} = theta_k - inner_lr grad L_support(theta_k)

Nothing is meta-learned: theta_0 is drawn once a seed, and every episode starts from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.learners.base import STATE, AbstractLearner, MetaLoss, last
from metascore.learners.inner_loop import descend, updates_of
from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.layers import linear
from metascore.networks.network import Network
from metascore.networks.tensors import Moments, Params
from metascore.problems.examples import Episode, Examples


class Trained(NamedTuple):
    """Weights, and the batch-norm statistics of the support set under them."""

    theta: Params
    moments: Moments


@dataclass(frozen=True, kw_only=True)
class Scratch(AbstractLearner):
    """Learns nothing from other tasks; its initial weights are `state.`, which no meta-gradient changes."""

    family: ClassVar[str] = "baseline"
    citation: ClassVar[str] = "Finn, Abbeel and Levine 2017, arXiv:1703.03400, section 5.1"
    needs: ClassVar[tuple[str, ...]] = ()
    learns: ClassVar[bool] = False
    adapts: ClassVar[bool] = True
    normalisation = "inductive"

    width: int  # filters a layer, or units of a perceptron
    downsample: Literal["stride", "max_pool"] = "max_pool"
    inner_lr: float
    updates_per_step: int  # of gradient descent, in one adaptation step
    test_steps: int

    @property
    def updates(self) -> int:
        return self.updates_per_step

    @cached_property
    def network(self) -> Network:
        return Network.of(self.problem, self.width, self.downsample)

    def initialise(self, generator: torch.Generator) -> Params:
        return {STATE + name: value for name, value in self.network.initialise(generator).items()}

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        """What meta-learners minimise; here it has no gradient."""
        trained = last(self.adapt(params, episode.support, self.test_steps))
        return MetaLoss(self.problem.loss(partial(self.predict, trained), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Trained]:
        def support_loss(theta: Params, update: int) -> Tensor:
            return self.problem.loss(partial(self.network, theta), support, update)

        theta = {name.removeprefix(STATE): value for name, value in params.items()}
        yield Trained(theta, self._moments(theta, support.x))
        for step in range(steps):
            theta = descend(support_loss, theta, self.inner_lr, updates_of(step, self.updates_per_step))
            yield Trained(theta, self._moments(theta, support.x))

    def predict(self, adapted: Trained, x: Tensor) -> Float[Tensor, "n way"]:
        theta, moments = adapted
        encoder = self.network.encoder
        if not isinstance(encoder, ConvolutionalEncoder):
            return self.network(theta, x)
        return linear(theta, encoder.embed(theta, x, moments)[0])

    def _moments(self, theta: Params, x: Tensor) -> Moments:
        """Statistics of the support set normalise the queries, so that one query never sees another."""
        encoder = self.network.encoder
        return encoder.embed(theta, x)[1] if isinstance(encoder, ConvolutionalEncoder) else {}
