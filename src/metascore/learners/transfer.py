"""Transfer learning: pre-train on everything, then fine-tune. The baseline that meta-learning has to beat.

Vinyals et al. 2016, "Matching networks for one shot learning", section 4.1 (the baseline classifier), and Chen et
al. 2019, "A closer look at few-shot classification", section 3.2; on sine waves Finn et al. 2017, section 5.1.

    classes:      minimise over phi and W, by Adam:  cross-entropy of softmax(W f_phi(x)) over all identities
    others:       minimise over theta, by Adam:       L of all tasks together, such as mean of (f_theta(x) - y)^2
    fine-tuning:  gradient descent on L_support, from a new head w = 0 (classes) or from theta

Pre-training takes support and query examples alike: an episode is a batch, so its recipe asks for many classes a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.learners.base import STATE, AbstractLearner, MetaLoss, running_statistics, updated_running_statistics
from metascore.learners.inner_loop import descend, knowing, updates_of
from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.initialisation import linear_layer
from metascore.networks.layers import linear
from metascore.networks.network import Network
from metascore.networks.tensors import Moments, Params
from metascore.problems.examples import Episode, Examples
from metascore.problems.supervised import cross_entropy

CLASSIFIER = "classifier."


@dataclass(frozen=True, kw_only=True)
class Transfer(AbstractLearner):
    """Learns one network for all tasks together, and fine-tunes it on the support set."""

    family: ClassVar[str] = "baseline"
    citation: ClassVar[str] = "Vinyals et al. 2016, arXiv:1606.04080; Chen et al. 2019, arXiv:1904.04232"
    any_way: ClassVar[bool] = True
    needs: ClassVar[tuple[str, ...]] = ()
    relabelling_permutes: ClassVar[bool] = True  # the new head treats all classes alike
    adapts: ClassVar[bool] = True
    normalisation = "inductive"

    width: int  # filters a layer, or units of a perceptron
    downsample: Literal["stride", "max_pool"] = "max_pool"
    inner_lr: float
    updates_per_step: int  # of gradient descent, in one adaptation step
    test_steps: int
    whole_network: bool  # fine-tune every weight, not only those of the head

    @property
    def updates(self) -> int:
        return self.updates_per_step

    @cached_property
    def network(self) -> Network:
        return Network.of(self.problem, self.width, self.downsample)

    def initialise(self, generator: torch.Generator) -> Params:
        if not self.problem.has_classes:
            return self.network.initialise(generator)
        encoder = self.network.encoder
        phi = encoder.initialise(generator)
        classifier = linear_layer(generator, "classifier", encoder.features, self.problem.identities)
        moments = encoder.initial_moments() if isinstance(encoder, ConvolutionalEncoder) else {}
        return phi | classifier | {STATE + name: value for name, value in moments.items()}

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        everything = Examples(*(torch.cat(both) for both in zip(*episode, strict=True)))
        if not self.problem.has_classes:
            return MetaLoss(self.problem.loss(partial(self.network, params), everything))
        features, moments = self._embed_by_itself(params, everything.x)
        logits = linear(params, features, "classifier")
        return MetaLoss(cross_entropy(logits, everything.class_id).mean(), updated_running_statistics(params, moments))

    def checkpointed(self, params: Params) -> Params:
        """Without the classifier of identities, which is nine tenths of all numbers and which no test needs."""
        return {name: value for name, value in params.items() if not name.startswith(CLASSIFIER)}

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Params]:
        params = params | self._new_head(params)
        tuned = {name: value for name, value in params.items() if self._is_tuned(name)}
        predictor = self._predictor(params, support.x)
        yield params
        for step in range(steps):
            tuned = descend(
                lambda tuned, update: self.problem.loss(predictor(tuned), support, update),
                tuned,
                self.inner_lr,
                updates_of(step, self.updates_per_step),
            )
            yield params | tuned

    def predict(self, adapted: Params, x: Tensor) -> Float[Tensor, "n way"]:
        return self.network.head(adapted, self._embed(adapted, x))

    def _new_head(self, params: Params) -> Params:
        """A head of zeros for the new classes of an episode; problems without classes keep the trained head."""
        if not self.problem.has_classes:
            return {}
        some, way = next(iter(params.values())), self.problem.way  # of the type and on the device of all
        return {"head.weight": some.new_zeros(self.network.encoder.features, way), "head.bias": some.new_zeros(way)}

    def _is_tuned(self, name: str) -> bool:
        return name.startswith("head.") or (self.whole_network and not name.startswith(STATE))

    def _predictor(self, params: Params, x: Tensor) -> Callable[[Params], Callable[[Tensor], Tensor]]:
        """The predictor as a function of the tuned tensors; where only the head is tuned, x is embedded once."""
        if self.whole_network:
            return lambda tuned: partial(self.predict, params | tuned)
        embed = knowing(partial(self._embed, params), x)
        return lambda tuned: lambda x: self.network.head(tuned, embed(x))

    def _embed_by_itself(self, params: Params, x: Tensor) -> tuple[Float[Tensor, "n features"], Moments]:
        """The features of a batch, normalised by its own statistics, and these statistics."""
        encoder = self.network.encoder
        return encoder.embed(params, x) if isinstance(encoder, ConvolutionalEncoder) else (encoder(params, x), {})

    def _embed(self, params: Params, x: Tensor) -> Float[Tensor, "n features"]:
        """Normalised by the running statistics of pre-training, so that images do not depend on each other."""
        encoder = self.network.encoder
        if not isinstance(encoder, ConvolutionalEncoder):
            return encoder(params, x)
        return encoder.embed(params, x, running_statistics(params))[0]
