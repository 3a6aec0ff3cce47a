"""Reptile.

Nichol, Achiam and Schulman 2018, "On first-order meta-learning algorithms", algorithm 2.

    theta_{j+1} = theta_j - inner_lr g_j / (sqrt(v_j / (1 - beta2^t)) + eps)        j = 0 .. k - 1, theta_0 = theta
    g_j = grad L(theta_j) on minibatch j of the support set,    v_j = beta2 v_{j-1} + (1 - beta2) g_j^2
    theta <- theta + meta_lr * mean over episodes of (theta_k - theta)

The inner optimiser is Adam with beta1 = 0, whose second moments v and count t carry over from one meta-step to the
next, and on to adaptation at test. The last line is a step of gradient descent on 1/2 ||theta - theta_k||^2 with
theta_k held constant, which is the meta-loss below: training episodes need no query set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad, vmap

from metascore.learners.base import STATE, AbstractLearner, MetaLoss, learned
from metascore.networks.network import Network
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples

BETA2 = 0.999  # Kingma and Ba 2015
EPSILON = 1e-8
COUNT = STATE + "count"


class Adapted(NamedTuple):
    """The weights theta_j, what Adam remembers, how many updates were done, and on what."""

    theta: Params
    memory: Params  # `state.count` is t, `state.<name>` is v
    updates: int
    support: Examples


@dataclass(frozen=True, kw_only=True)
class Reptile(AbstractLearner):
    """Learns an initialisation near the solutions of all tasks."""

    family: ClassVar[str] = "optimisation"
    citation: ClassVar[str] = "Nichol, Achiam and Schulman 2018, arXiv:1803.02999"
    needs: ClassVar[tuple[str, ...]] = ()
    support_order_matters = True  # minibatches are slices of the support set
    adapts: ClassVar[bool] = True
    surrogate: ClassVar[bool] = True
    gradient_order = 1

    width: int  # filters a layer, or units of a perceptron
    downsample: Literal["stride", "max_pool"] = "stride"
    inner_lr: float
    train_updates: int  # k
    train_batch: int  # examples a minibatch
    updates_per_step: int  # in one adaptation step at test
    test_batch: int
    test_steps: int
    transductive: bool

    @property
    def normalisation(self) -> str:
        return "transductive" if self.transductive else "inductive"

    @property
    def updates(self) -> int:
        return self.updates_per_step

    @property
    def examples(self) -> int:
        return self.updates * min(self.test_batch, self.problem.way * self.problem.shot)

    @cached_property
    def network(self) -> Network:
        return Network.of(self.problem, self.width, self.downsample)

    def initialise(self, generator: torch.Generator) -> Params:
        theta = self.network.initialise(generator)
        moments = {STATE + name: torch.zeros_like(value) for name, value in theta.items()}
        return theta | moments | {COUNT: torch.zeros(())}

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        start = self._start(params, episode.support)
        end = self._descend(start, self.train_updates, self.train_batch)
        theta = learned(params)
        distance = sum((value - end.theta[name]).square().sum() for name, value in theta.items())
        return MetaLoss(torch.as_tensor(0.5 * distance), end.memory)

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Adapted]:
        adapted = self._start(params, support)
        yield adapted
        for _ in range(steps):
            adapted = self._descend(adapted, self.updates_per_step, self.test_batch)
            yield adapted

    def predict(self, adapted: Adapted, x: Tensor) -> Float[Tensor, "n way"]:
        if self.batch_norm != "inductive":
            return self.network(adapted.theta, x)
        return vmap(lambda query: self._beside_support(adapted, query))(x)

    def axes(self) -> dict[str, str | int]:
        return super().axes() | {"train_steps": self.train_updates}

    def _beside_support(self, adapted: Adapted, query: Tensor) -> Float[Tensor, " way"]:
        """Logits of one query, normalised together with the support set and with no other query."""
        return self.network(adapted.theta, torch.cat([adapted.support.x, query[None]]))[-1]

    def _start(self, params: Params, support: Examples) -> Adapted:
        """Constants, as far as the meta-gradient is concerned."""
        memory = {name: value for name, value in params.items() if name.startswith(STATE)}
        return Adapted({name: value.detach() for name, value in learned(params).items()}, memory, 0, support)

    def _descend(self, adapted: Adapted, updates: int, size: int) -> Adapted:
        theta, memory, done, support = adapted
        for update in range(done, done + updates):
            theta, memory = self._adam(theta, memory, minibatch(support, update, size), update)
        return Adapted(theta, memory, done + updates, support)

    def _adam(self, theta: Params, memory: Params, batch: Examples, update: int) -> tuple[Params, Params]:
        """One update of the weights, and of what Adam remembers."""
        g = grad(lambda theta: self.problem.loss(partial(self.network, theta), batch, update))(theta)
        t = memory[COUNT] + 1
        v = {name: BETA2 * memory[STATE + name] + (1 - BETA2) * g[name].square() for name in theta}
        scale = {name: (v[name] / (1 - BETA2**t)).sqrt() + EPSILON for name in theta}
        theta = {name: value - self.inner_lr * g[name] / scale[name] for name, value in theta.items()}
        return theta, {COUNT: t} | {STATE + name: value for name, value in v.items()}


def minibatch(support: Examples, number: int, size: int) -> Examples:
    """The `size` examples after `number` minibatches; after the last example comes the first one again.

    Examples come shot by shot, so slices of a multiple of `way` are balanced. A smaller support set is taken whole.
    """
    count = len(support.x)
    size = min(size, count)
    index = [place % count for place in range(number * size, (number + 1) * size)]
    return Examples(*(value[index] for value in support))
