"""Model-agnostic meta-learning, and its first-order approximation (FOMAML).

Finn, Abbeel and Levine 2017, "Model-agnostic meta-learning for fast adaptation of deep networks", algorithm 2.

    theta_0     = theta
    theta_{k+1} = theta_k - alpha grad L_support(theta_k)          k = 0 .. steps - 1
    minimise over theta, by Adam:  mean over episodes of L_query(theta_steps)

With `first_order` the meta-gradient is taken as if theta_{k+1} were theta_k minus a constant, which drops the
factor (I - alpha H) of every step (section 5.2 of the paper).
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


@dataclass(frozen=True, kw_only=True)
class MAML(AbstractLearner):
    """Learns an initialisation theta from which a few steps of gradient descent suffice."""

    family: ClassVar[str] = "optimisation"
    citation: ClassVar[str] = "Finn, Abbeel and Levine 2017, arXiv:1703.03400"
    needs: ClassVar[tuple[str, ...]] = ()
    adapts: ClassVar[bool] = True
    normalisation = "transductive"

    width: int  # filters a layer, or units of a perceptron
    downsample: Literal["stride", "max_pool"] = "stride"
    inner_lr: float  # alpha, for a loss that is the mean over examples
    train_steps: int
    test_steps: int
    first_order: bool = False

    @property
    def gradient_order(self) -> int:
        return 1 if self.first_order else 2

    @cached_property
    def network(self) -> Network:
        return Network.of(self.problem, self.width, self.downsample)

    def initialise(self, generator: torch.Generator) -> Params:
        return self.network.initialise(generator)

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        adapted = last(self.adapt(params, episode.support, self.train_steps))
        return MetaLoss(self.problem.loss(partial(self.predict, adapted), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Params]:
        yield params
        for step in range(steps):
            params = self._inner_step(params, support, step)
            yield params

    def predict(self, adapted: Params, x: Tensor) -> Float[Tensor, "n way"]:
        return self.network(adapted, x)

    def _inner_step(self, params: Params, support: Examples, step: int) -> Params:
        # Cut off from theta already here, first order keeps nothing for a second differentiation.
        at = {name: value.detach() for name, value in params.items()} if self.first_order else params
        # As in the official code, batch norm's gain and bias are meta-learned but not adapted.
        fast = {name: value for name, value in at.items() if not name.startswith("norm")}

        def support_loss(fast: Params) -> Tensor:
            return self.problem.loss(partial(self.network, at | fast), support, step)

        gradient = grad(support_loss)(fast)
        return params | {name: params[name].sub(value, alpha=self.inner_lr) for name, value in gradient.items()}
