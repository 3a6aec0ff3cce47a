"""LSTM meta-learner.

Ravi and Larochelle 2017, "Optimization as a model for few-shot learning", equations 2 to 4, section 3.

    theta_t = f_t * theta_{t-1} - i_t * grad L_t        the cell state of an LSTM is the network's parameters
    i_t     = sigmoid(W_I [z_t, theta_{t-1}, i_{t-1}] + b_I)      a learned learning rate
    f_t     = sigmoid(W_F [z_t, theta_{t-1}, f_{t-1}] + b_F)      1 - a learned weight decay
    z_t     = the preprocessed gradient and loss, or what a first LSTM makes of them
    theta_0 is learned;  L_t is the loss of the support set at theta_{t-1}
    minimise over theta_0, W and b, by Adam:  mean over episodes of L_query(theta_steps)

W and b are the same for every parameter of the network. Neither gradients nor losses are differentiated through.
With W = 0, f = 1 and i = alpha this is gradient descent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad_and_value

from metascore.learners.base import AbstractLearner, MetaLoss, last
from metascore.learners.inner_loop import preprocess
from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.layers import linear
from metascore.networks.lstm import lstm_parameters, lstm_step
from metascore.networks.network import Network
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples

SMALL = 0.01  # bound of the gates' initial weights, as in the official code
FORGET = 5.0  # initial bias: f is 0.993, so that the beginning is nearly gradient descent


class Progress(NamedTuple):
    """The state of the meta-learner after some steps."""

    params: Params
    support: Examples
    theta: Float[Tensor, " parameters"]
    input_gate: Float[Tensor, " parameters"]
    forget_gate: Float[Tensor, " parameters"]
    hidden: Float[Tensor, "parameters units"]  # of the first LSTM; units may be 0
    cell: Float[Tensor, "parameters units"]


@dataclass(frozen=True, kw_only=True)
class LSTMMetaLearner(AbstractLearner):
    """Learns an update rule and the parameters that it starts from."""

    family: ClassVar[str] = "optimisation"
    citation: ClassVar[str] = "Ravi and Larochelle 2017, ICLR"
    adapts: ClassVar[bool] = True
    gradient_order = 1
    normalisation = "inductive"  # queries are normalised by the statistics of the support set

    width: int  # filters a layer
    downsample: Literal["stride", "max_pool"] = "max_pool"
    train_steps: int
    test_steps: int
    initial_rate: float = 0.01  # i at first; alpha of gradient descent
    units: int = 20  # of the first LSTM; without one if 0

    @cached_property
    def encoder(self) -> ConvolutionalEncoder:
        return ConvolutionalEncoder(self.width, self.downsample, self.problem.example)

    @cached_property
    def network(self) -> Network:
        return Network(self.encoder, self.problem.way)

    @property
    def names(self) -> list[str]:
        """Of the network's tensors, in the order in which theta has their numbers."""
        return [*self.encoder.names, "head.weight", "head.bias"]

    def initialise(self, generator: torch.Generator) -> Params:
        params = self.network.initialise(generator)
        if self.units:
            params |= lstm_parameters(generator, "lstm", 4, self.units)
        odds = self.initial_rate / (1 - self.initial_rate)
        for gate, bias in (("input", math.log(odds)), ("forget", FORGET)):
            weight = 2 * torch.rand((self.units or 4) + 2, generator=generator) - 1
            params |= {f"{gate}.weight": SMALL * weight, f"{gate}.bias": torch.tensor(bias)}
        return params

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        adapted = last(self.adapt(params, episode.support, self.train_steps))
        return MetaLoss(self.problem.loss(partial(self.predict, adapted), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Progress]:
        theta = torch.cat([params[name].flatten() for name in self.names])
        none, blank = torch.zeros_like(theta), theta.new_zeros(len(theta), self.units)
        state = Progress(params, support, theta, none, none, blank, blank)
        yield state
        for _ in range(steps):
            state = self._step(state)
            yield state

    def predict(self, adapted: Progress, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        theta = self._named(adapted)
        moments = self.encoder.statistics(theta, adapted.support.x)
        return linear(theta, self.encoder.embed(theta, x, moments)[0])

    def _step(self, state: Progress) -> Progress:
        # At a constant theta, so that gradient and loss are constants to the meta-gradient.
        gradient, loss = grad_and_value(self._support_loss)(state.theta.detach(), state)
        seen = torch.cat([preprocess(gradient), preprocess(loss).expand(len(gradient), 2)], 1)
        hidden, cell = state.hidden, state.cell
        if self.units:
            hidden, cell = lstm_step(state.params, "lstm", seen, hidden, cell)
            seen = hidden
        input_gate = gate(state.params, "input", seen, state.theta, state.input_gate)
        forget_gate = gate(state.params, "forget", seen, state.theta, state.forget_gate)
        theta = forget_gate * state.theta - input_gate * gradient
        return Progress(state.params, state.support, theta, input_gate, forget_gate, hidden, cell)

    def _support_loss(self, theta: Float[Tensor, " parameters"], state: Progress) -> Float[Tensor, ""]:
        return self.problem.loss(partial(self.network, self._named(state._replace(theta=theta))), state.support)

    def _named(self, state: Progress) -> Params:
        """The network's tensors at theta."""
        first = {name: state.params[name] for name in self.names}
        pieces = state.theta.split([value.numel() for value in first.values()])
        return {name: piece.view_as(first[name]) for name, piece in zip(first, pieces, strict=True)}


def gate(
    params: Params,
    name: str,
    seen: Float[Tensor, "parameters z"],
    theta: Float[Tensor, " parameters"],
    before: Float[Tensor, " parameters"],
) -> Float[Tensor, " parameters"]:
    """sigmoid(W [z, theta, gate before] + b), for every parameter of the network alike."""
    inputs = torch.cat([seen, theta[:, None], before[:, None]], 1)
    return (inputs @ params[f"{name}.weight"] + params[f"{name}.bias"]).sigmoid()
