"""Almost no inner loop.

Raghu, Raghu, Bengio and Vinyals 2020, "Rapid learning or feature reuse? Towards understanding the
effectiveness of MAML", section 4. With theta = (phi, w), phi the encoder f and w the linear head:

    w_0     = w
    w_{k+1} = w_k - alpha grad_w L_support(phi, w_k)          k = 0 .. steps - 1
    minimise over phi and w, by Adam:  mean over episodes of L_query(phi, w_steps)

Since the inner loop leaves phi alone, the support set is embedded once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.learners.base import AbstractLearner, MetaLoss, last
from metascore.learners.inner_loop import descend, knowing
from metascore.networks.network import Network
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples


@dataclass(frozen=True, kw_only=True)
class ANIL(AbstractLearner):
    """Learns features that serve every task, and a head that a few steps of gradient descent adapt to one."""

    family: ClassVar[str] = "optimisation"
    citation: ClassVar[str] = "Raghu, Raghu, Bengio and Vinyals 2020, arXiv:1909.09157"
    needs: ClassVar[tuple[str, ...]] = ()
    adapts: ClassVar[bool] = True
    gradient_order = 2
    normalisation = "transductive"

    width: int  # filters a layer, or units of a perceptron
    downsample: Literal["stride", "max_pool"] = "stride"
    inner_lr: float  # alpha, for a loss that is the mean over examples
    train_steps: int
    test_steps: int

    @cached_property
    def network(self) -> Network:
        return Network.of(self.problem, self.width, self.downsample)

    def initialise(self, generator: torch.Generator) -> Params:
        return self.network.initialise(generator)

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        adapted = last(self.adapt(params, episode.support, self.train_steps))
        return MetaLoss(self.problem.loss(partial(self.predict, adapted), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Params]:
        embed = knowing(partial(self.network.encoder, params), support.x)

        def support_loss(w: Params, step: int) -> Tensor:
            return self.problem.loss(lambda x: self.network.head(w, embed(x)), support, step)

        w = {name: value for name, value in params.items() if name.startswith("head")}
        yield params
        for step in range(steps):
            w = descend(support_loss, w, self.inner_lr, [step])
            yield params | w

    def predict(self, adapted: Params, x: Tensor) -> Float[Tensor, "n way"]:
        return self.network(adapted, x)
