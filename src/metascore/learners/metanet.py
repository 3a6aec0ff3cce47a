"""Meta networks.

Munkhdalai and Yu 2017, "Meta networks", algorithm 1 and section 3.

    u   representation learner, slow weights Q       b   base learner, slow weights W
    d   makes fast weights of u from gradients       m   makes fast weights of b from gradients

    Q*    = d(grad_Q loss(u(Q, x_i), y_i), one group of support images after the other)    an LSTM
    W*_i  = m(grad_W loss(b(W, x_i), y_i)) for every support image i                       a perceptron
    r_i   = u(Q, Q*, x_i)                                                                  keys of the memory {W*_i}
    W*(x) = sum over i of softmax(cosine(r_i, u(Q, Q*, x))) W*_i
    p(y)  = softmax(b(W, W*(x), x))
    minimise over Q, W, d and m, by Adam:  mean over queries (x, y) of -log p(y)

Layer augmentation: a layer with slow weights W and fast weights W* outputs relu(W x) + relu(W* x); the output
layer W x + W* x. d and m treat every weight alike, and gradients enter them as constants. So the output layer of u,
which serves only to make gradients, is not learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad
from torch.nn import functional

from metascore.learners.base import STATE, AbstractLearner, MetaLoss, last
from metascore.learners.inner_loop import preprocess
from metascore.networks.initialisation import linear_layer
from metascore.networks.layers import batch_norm, linear, max_pool
from metascore.networks.lstm import lstm_parameters, lstm_step
from metascore.networks.network import Network
from metascore.networks.patches import Patches
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples
from metascore.problems.supervised import cross_entropy

SCALE = 7.0  # of the preprocessing of gradients, in the official code
LAYERS = ("conv1", "conv2", "conv3", "conv4", "head")


class Memory(NamedTuple):
    """The state after seeing the support set."""

    params: Params
    fast: Params  # Q*
    keys: Float[Tensor, "support features"]  # r
    values: Params  # W*, each tensor with a leading axis of support images


@dataclass(frozen=True, kw_only=True)
class MetaNet(AbstractLearner):
    """Learns to turn the loss gradients of support images into weights."""

    family: ClassVar[str] = "model"
    citation: ClassVar[str] = "Munkhdalai and Yu 2017, arXiv:1703.00837"
    support_order_matters = True  # d reads the support set in groups, as a sequence
    gradient_order = 1
    normalisation = "transductive"

    width: int  # filters a layer
    downsample: Literal["stride", "max_pool"] = "max_pool"
    units: int = 20  # of each hidden layer of d and m
    groups: int = 5  # of support images, over which d runs; T of the paper
    fast_layers: int = 5  # of b, the last ones, with fast weights

    @cached_property
    def network(self) -> Network:
        return Network.of(self.problem, self.width, self.downsample)

    @property
    def stride(self) -> int:
        return 2 if self.downsample == "stride" else 1

    @property
    def fast(self) -> list[str]:
        """Tensors of b with fast weights."""
        return [f"{layer}.weight" for layer in LAYERS[-self.fast_layers :]]

    @property
    def fast_keys(self) -> list[str]:
        """Those of u, whose keys are its features."""
        return [name for name in self.fast if name != "head.weight"]

    def initialise(self, generator: torch.Generator) -> Params:
        params = {f"b.{name}": value for name, value in self.network.initialise(generator).items()}
        for name, value in self.network.initialise(generator).items():
            params[f"{STATE if kind_of(name) == 'head' else ''}u.{name}"] = value
        if self.fast_keys:
            params |= lstm_parameters(generator, "d.lstm", 2, self.units)
            params |= linear_layer(generator, "d.output", self.units, 1)
        for kind in sorted({kind_of(name) for name in self.fast}):
            params |= linear_layer(generator, f"m.{kind}.hidden1", 2, self.units)
            params |= linear_layer(generator, f"m.{kind}.hidden2", self.units, self.units)
            params |= linear_layer(generator, f"m.{kind}.output", self.units, 1)
        return params

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        memory = last(self.adapt(params, episode.support, 0))
        return MetaLoss(self.problem.loss(partial(self.predict, memory), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Memory]:
        u, b = part(params, "u"), part(params, "b")
        of_u, of_b = self._gradients(u, self.fast_keys, support), self._gradients(b, self.fast, support)
        fast = {name: self._task_weights(params, gradients) for name, gradients in of_u.items()}
        values = {name: self._example_weights(params, name, gradients) for name, gradients in of_b.items()}
        keys = self._features(u, fast, support.x)
        for _ in range(steps + 1):
            yield Memory(params, fast, keys, values)

    def predict(self, adapted: Memory, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        queries = self._features(part(adapted.params, "u"), adapted.fast, x)
        cosine = functional.normalize(queries, dim=1) @ functional.normalize(adapted.keys, dim=1).T
        attention = cosine.softmax(1)
        fast = {name: torch.einsum("ns,sio->nio", attention, v) for name, v in adapted.values.items()}
        return self._logits(part(adapted.params, "b"), fast, x)

    def _gradients(self, slow: Params, names: list[str], support: Examples) -> Params:
        """Gradient of the summed support loss with respect to every support image's own copy of the weights."""
        slow = {name: value.detach() for name, value in slow.items()}
        copies = {name: slow[name].expand(len(support.x), -1, -1) for name in names}

        def loss(copies: Params) -> Tensor:
            return cross_entropy(self._logits(slow | copies, {}, support.x), support.y).sum()

        return grad(loss)(copies)

    def _task_weights(
        self, params: Params, gradients: Float[Tensor, "support fan_in fan_out"]
    ) -> Float[Tensor, "fan_in fan_out"]:
        """d: fast weights of a tensor of u."""
        hidden = cell = gradients.new_zeros(*gradients.shape[1:], self.units)
        for group in gradients.chunk(self.groups):
            hidden, cell = lstm_step(params, "d.lstm", preprocess(group.mean(0), SCALE), hidden, cell)
        return linear(params, hidden, "d.output").squeeze(-1)

    def _example_weights(
        self, params: Params, name: str, gradients: Float[Tensor, "support fan_in fan_out"]
    ) -> Float[Tensor, "support fan_in fan_out"]:
        """m: fast weights of a tensor of b, for every support image."""
        rule = f"m.{kind_of(name)}"
        hidden = linear(params, preprocess(gradients, SCALE), f"{rule}.hidden1").relu()
        hidden = linear(params, hidden, f"{rule}.hidden2").relu()
        return linear(params, hidden, f"{rule}.output").squeeze(-1)

    def _logits(
        self, slow: Params, fast: Params, x: Float[Tensor, "n height width channels"]
    ) -> Float[Tensor, "n way"]:
        features = self._features(slow, fast, x)
        logits = multiply(features[:, None], slow["head.weight"]) + slow["head.bias"]
        if "head.weight" in fast:
            logits = logits + multiply(features[:, None], fast["head.weight"])
        return logits.squeeze(1)

    def _features(
        self, slow: Params, fast: Params, x: Float[Tensor, "n height width channels"]
    ) -> Float[Tensor, "n features"]:
        """Four convolutional blocks with layer augmentation."""
        for layer in range(1, len(LAYERS)):
            weight = f"conv{layer}.weight"
            gain, bias = slow[f"norm{layer}.gain"], slow[f"norm{layer}.bias"]
            patches = Patches.apply(x, self.stride)
            paths = [multiply(patches, weights[weight].mT) for weights in (slow, fast) if weight in weights]
            x = torch.stack([batch_norm(h, gain, bias)[0].relu() for h in paths]).sum(0)
            x = max_pool(x) if self.stride == 1 else x
        return x.flatten(1)


def multiply(x: Float[Tensor, "n *m fan_in"], weight: Tensor) -> Float[Tensor, "n *m fan_out"]:
    """Product with a matrix (fan_in, fan_out) that all examples share, or with one (n, fan_in, fan_out) for each."""
    return (x.flatten(1, -2) @ weight).unflatten(1, x.shape[1:-1])


def kind_of(name: str) -> str:
    """Convolutions share one pair of generators of fast weights; the output layer has another."""
    return "head" if name.startswith("head") else "conv"


def part(params: Params, learner: str) -> Params:
    """The slow weights of u or b, by their names in a network."""
    plain = {name.removeprefix(STATE): value for name, value in params.items()}
    return {name[2:]: value for name, value in plain.items() if name.startswith(f"{learner}.")}
