"""MAML++.

Antoniou, Edwards and Storkey 2019, "How to train your MAML", section 4. Beside MAML (see maml.py):

    theta_{k+1} = theta_k - alpha_{k,l} grad L_support(theta_k)      alpha learned, one a step k and tensor l
    minimise over theta, alpha, gain and bias, by Adam:
        mean over episodes of  sum_k v_k L_query(theta_k),  k = 1 .. steps      the weights v anneal to v_steps = 1
    gain_k, bias_k and running statistics of batch norm for every step k
    gradients of first order for the first share of meta-training, of second order from then on

Each is a switch, so the paper's ablation is a change of params.yaml; its cosine schedule of the outer rate is the
key training.schedule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad

from metascore.learners.base import MOMENTUM, STATE, AbstractLearner, MetaLoss
from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.layers import linear
from metascore.networks.network import Network
from metascore.networks.tensors import Moments, Params
from metascore.problems.examples import Episode, Examples

RATE = "rate."
NORM = "norm"

FLOOR = 0.03  # an early step never weighs less than this share of 1 / steps, as in the official code


class Phase(NamedTuple):
    """The parts of the meta-loss that change during meta-training."""

    first_order: bool
    counted: tuple[bool, ...]  # the steps whose loss weighs anything
    weights: Float[Tensor, " steps"]  # v


class Adapted(NamedTuple):
    """All tensors, adapted ones included, after so many steps."""

    params: Params
    step: int


@dataclass(frozen=True, kw_only=True)
class MAMLPlusPlus(AbstractLearner):
    """Learns an initialisation, and how to descend from it."""

    family: ClassVar[str] = "optimisation"
    citation: ClassVar[str] = "Antoniou, Edwards and Storkey 2019, arXiv:1810.09502"
    needs: ClassVar[tuple[str, ...]] = ()
    adapts: ClassVar[bool] = True
    gradient_order = 2

    width: int  # filters a layer, or units of a perceptron
    downsample: Literal["stride", "max_pool"] = "max_pool"
    inner_lr: float  # what every alpha begins with
    train_steps: int
    test_steps: int
    learn_rates: bool = True
    multi_step_share: float = 0.1  # of meta-training, with a loss over all steps; 0 = none
    first_order_share: float = 0.0  # of meta-training; 0 = none
    norm_per_step: bool = True  # a gain and a bias for every step
    running_statistics: bool = False  # of every step: they normalise queries at test

    @property
    def normalisation(self) -> str:
        return "inductive" if self.running_statistics else "transductive"

    @cached_property
    def network(self) -> Network:
        return Network.of(self.problem, self.width, self.downsample)

    def initialise(self, generator: torch.Generator) -> Params:
        params = self.network.initialise(generator)
        norms = {name: value for name, value in params.items() if name.startswith(NORM)}
        rate = torch.tensor(self.inner_lr)
        rates = {RATE + name: self._each_step(rate) for name in params if name not in norms}
        return (
            params
            | ({name: self._each_step(value) for name, value in norms.items()} if self.norm_per_step else {})
            | (rates if self.learn_rates else {})
            | {STATE + name: self._each_step(value) for name, value in self._initial_moments().items()}
        )

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        support, query = episode
        loss, used = query.x.new_zeros(()), []
        states = self._descend(params, support, self.train_steps, phase.first_order)
        next(states)  # the loss begins after the first step
        for counts, weight, adapted in zip(phase.counted, phase.weights, states, strict=True):
            if counts or self.running_statistics:
                cost, moments = self._loss(adapted, query)
                loss = loss + weight * cost
                used.append(moments)
        return MetaLoss(loss, self._running(params, used))

    def phase(self, progress: float) -> Phase:
        weights = self._weights(progress)
        return Phase(progress < self.first_order_share, tuple(weight > 0 for weight in weights), torch.tensor(weights))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Adapted]:
        return self._descend(params, support, steps, first_order=False)

    def predict(self, adapted: Adapted, x: Tensor) -> Float[Tensor, "n way"]:
        given = {
            name.removeprefix(STATE): value[self._index(adapted.step)]
            for name, value in adapted.params.items()
            if name.startswith(STATE)
        }
        return self._outputs(adapted, x, given or None)[0]

    def _descend(self, params: Params, support: Examples, steps: int, first_order: bool) -> Iterator[Adapted]:
        theta = {name: value for name, value in params.items() if not name.startswith((NORM, RATE, STATE))}
        yield Adapted(params, 0)
        for step in range(1, steps + 1):
            gradient = grad(self._support_loss)(theta, Adapted(params, step), support)
            if first_order:
                gradient = {name: value.detach() for name, value in gradient.items()}
            rate = {name: self._rate(params, name, step) for name in theta}
            theta = {name: value - rate[name] * gradient[name] for name, value in theta.items()}
            yield Adapted(params | theta, step)

    def _support_loss(self, theta: Params, before: Adapted, support: Examples) -> Tensor:
        return self._loss(Adapted(before.params | theta, before.step), support, before.step - 1)[0]

    def _loss(self, adapted: Adapted, examples: Examples, step: int = 0) -> tuple[Tensor, Moments]:
        """The loss, and the batch-norm statistics that were used."""
        used: Moments = {}

        def predict(x: Tensor) -> Tensor:
            outputs, moments = self._outputs(adapted, x)
            used.update(moments)
            return outputs

        return self.problem.loss(predict, examples, step), used

    def _rate(self, params: Params, name: str, step: int) -> Tensor | float:
        return params[RATE + name][self._index(step)] if self.learn_rates else self.inner_lr

    def _outputs(self, adapted: Adapted, x: Tensor, given: Moments | None = None) -> tuple[Tensor, Moments]:
        """Outputs with the gains and biases of a step, and the batch-norm statistics that were used."""
        params, encoder = adapted.params, self.network.encoder
        if not isinstance(encoder, ConvolutionalEncoder):
            return self.network(params, x), {}
        if self.norm_per_step:
            index = self._index(adapted.step)
            params = params | {name: params[name][index] for name in params if name.startswith(NORM)}
        features, moments = encoder.embed(params, x, given)
        return linear(params, features), moments

    def _index(self, step: int) -> int:
        """The row of per-step tensors that belongs to a step.

        As in the official code, the pass before update k and the evaluation after it share row k. The unadapted
        network uses the first row, steps beyond those of training the last one.
        """
        return min(max(step, 1), self.train_steps) - 1

    def _weights(self, progress: float) -> list[float]:
        """v_1 .. v_steps: equal at first, then less and less for all steps but the last."""
        steps = self.train_steps
        if progress >= self.multi_step_share:
            return [0.0] * (steps - 1) + [1.0]
        early = max(1 - progress / self.multi_step_share, FLOOR) / steps
        return [early] * (steps - 1) + [1 - (steps - 1) * early]

    def _each_step(self, value: Tensor) -> Tensor:
        return torch.stack([value] * self.train_steps)

    def _initial_moments(self) -> Moments:
        encoder = self.network.encoder
        if self.running_statistics and isinstance(encoder, ConvolutionalEncoder):
            return encoder.initial_moments()
        return {}

    def _running(self, params: Params, used: list[Moments]) -> Params:
        """Exponential averages of the statistics of queries, step by step."""
        state = {name: value for name, value in params.items() if name.startswith(STATE)}
        new = {name: torch.stack([moments[name.removeprefix(STATE)] for moments in used]) for name in state}
        return {name: torch.lerp(value, new[name].detach(), MOMENTUM) for name, value in state.items()}
