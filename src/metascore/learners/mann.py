"""Memory-augmented neural network.

Santoro, Bartunov, Botvinick, Wierstra and Lillicrap 2016, "One-shot learning with memory-augmented neural
networks", section 3 (least recently used access).

The network reads a sequence (x_1, -), (x_2, y_1), (x_3, y_2), ...: each label arrives one step late, together with
the next image. At every step, with an LSTM controller of state h and, for each of several heads,

    k    = tanh(W_k h)                                        a key
    w_w  = sigma(alpha) w_r(before) + (1 - sigma(alpha)) w_lu     where to write; alpha from the controller
    M    = M (its least used rows set to 0) + w_w k               each head's w_lu marks one such row
    w_r  = softmax over the rows of  beta cosine(k, M)            where to read
    r    = w_r M
    w_u  = gamma w_u(before) + sum over heads of (w_r + w_w)      usage of each row
    p(y) = softmax(W_o [h, r])

    minimise, by Adam:  mean over queries (x, y) of -log p(y)

After the support set each query makes the next step by itself, from the same memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from metascore.learners.base import STATE, AbstractLearner, MetaLoss, running_statistics, updated_running_statistics
from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.initialisation import uniform
from metascore.networks.layers import linear
from metascore.networks.lstm import lstm_parameters, lstm_step
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples
from metascore.problems.supervised import cross_entropy

EMPTY = 1e-6  # what memory holds at first: not 0, so that a cosine is defined
STRENGTH = 10.0  # initial beta, where it is learned: among 128 rows one that matches gets nearly all of the reading


class Memory(NamedTuple):
    """The state of the network between two steps."""

    hidden: Float[Tensor, " units"]
    cell: Float[Tensor, " units"]
    memory: Float[Tensor, "rows columns"]
    usage: Float[Tensor, " rows"]
    reading: Float[Tensor, "heads rows"]  # w_r
    read: Float[Tensor, " heads_times_columns"]  # r
    label: Float[Tensor, " way"]  # one-hot, of the image before; zeros at first


class Primed(NamedTuple):
    """What predicts: the parameters and the memory after the support set."""

    params: Params
    memory: Memory


@dataclass(frozen=True, kw_only=True)
class MANN(AbstractLearner):
    """Learns to bind images to labels in an external memory, and to find them there."""

    family: ClassVar[str] = "model"
    citation: ClassVar[str] = "Santoro et al. 2016, ICML (PMLR 48)"
    support_order_matters = True

    encoder: Literal["pixels", "convolution"] = "pixels"  # the paper's, or an addition of the field
    width: int = 64  # filters a layer of the convolutional encoder
    downsample: Literal["stride", "max_pool"] = "stride"
    size: int = 20  # pixels, each way, of the images that the paper feeds
    units: int = 200  # of the controller
    rows: int = 128  # of the memory
    columns: int = 40
    heads: int = 4
    gamma: float = 0.95  # of what a step leaves of the usage before it
    key_strength: bool = False  # beta from the controller; 1 in the paper

    @property
    def normalisation(self) -> str:
        return "inductive" if self.convolution else "none"

    @cached_property
    def convolution(self) -> ConvolutionalEncoder | None:
        """What embeds images, where pixels don't go in as they are."""
        return (
            ConvolutionalEncoder(self.width, self.downsample, self.problem.example)
            if self.encoder == "convolution"
            else None
        )

    def initialise(self, generator: torch.Generator) -> Params:
        way, units, reads = self.problem.way, self.units, self.heads * self.columns
        params: Params = {}
        if self.convolution:
            moments = {STATE + name: value for name, value in self.convolution.initial_moments().items()}
            params = self.convolution.initialise(generator) | moments
        features = self.convolution.features if self.convolution else self.size**2 * self.problem.example[-1]
        params |= lstm_parameters(generator, "controller", features + way + reads, units)
        outputs = {"key": (units, reads), "gate": (units, self.heads), "output": (units + reads, way)}
        outputs |= {"strength": (units, self.heads)} if self.key_strength else {}
        for name, (fan_in, fan_out) in outputs.items():
            params[f"{name}.weight"] = uniform(generator, fan_in, fan_out)
            params[f"{name}.bias"] = torch.full((fan_out,), STRENGTH if name == "strength" else 0.0)
        return params

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        support, query = episode
        features, moments = self._embed(params, torch.cat([support.x, query.x]), training=True)
        shown, queries = features.split([len(support.x), len(query.x)])
        logits = self._answer(params, self._remember(params, shown, support.y), queries)
        return MetaLoss(cross_entropy(logits, query.y).mean(), updated_running_statistics(params, moments))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Primed]:
        features, _ = self._embed(params, support.x, training=False)
        memory = self._remember(params, features, support.y)
        for _ in range(steps + 1):
            yield Primed(params, memory)

    def predict(self, adapted: Primed, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        features, _ = self._embed(adapted.params, x, training=False)
        return self._answer(adapted.params, adapted.memory, features)

    def _embed(
        self, params: Params, x: Float[Tensor, "n height width channels"], training: bool
    ) -> tuple[Float[Tensor, "n features"], Params]:
        """Inputs of the controller, and the statistics of batch norm if there is any."""
        if self.convolution is None:
            return shrink(x, self.size).flatten(1), {}
        return self.convolution.embed(params, x, None if training else running_statistics(params))

    def _remember(self, params: Params, features: Float[Tensor, "support features"], y: Tensor) -> Memory:
        """Show the support set, one image a step."""
        state = self._blank(features)
        for x, label in zip(features, functional.one_hot(y, self.problem.way).to(features.dtype), strict=True):
            state, _ = self._step(params, state, x)
            state = state._replace(label=label)
        return state

    def _answer(self, params: Params, memory: Memory, queries: Float[Tensor, "n features"]) -> Float[Tensor, "n way"]:
        """Show each query by itself as the next image."""
        return torch.func.vmap(lambda x: self._step(params, memory, x)[1])(queries)

    def _blank(self, like: Tensor) -> Memory:
        return Memory(
            hidden=like.new_zeros(self.units),
            cell=like.new_zeros(self.units),
            memory=like.new_full((self.rows, self.columns), EMPTY),
            usage=like.new_zeros(self.rows),
            reading=like.new_zeros(self.heads, self.rows),
            read=like.new_zeros(self.heads * self.columns),
            label=like.new_zeros(self.problem.way),
        )

    def _step(
        self, params: Params, state: Memory, x: Float[Tensor, " features"]
    ) -> tuple[Memory, Float[Tensor, " way"]]:
        """The state after one image, and the logits of its label."""
        inputs = torch.cat([x, state.label, state.read])
        hidden, cell = lstm_step(params, "controller", inputs, state.hidden, state.cell)
        keys = linear(params, hidden, "key").tanh().unflatten(0, (self.heads, self.columns))
        gate = linear(params, hidden, "gate").sigmoid()
        memory, writing = write(state.memory, keys, gate, state.reading, state.usage)
        strength = functional.softplus(linear(params, hidden, "strength")) if self.key_strength else 1.0
        reading = address(memory, keys, strength)
        usage = self.gamma * state.usage + (reading + writing).sum(0)
        read = (reading @ memory).flatten()
        logits = linear(params, torch.cat([hidden, read]), "output")
        return Memory(hidden, cell, memory, usage, reading, read, state.label), logits


def write(
    memory: Float[Tensor, "rows columns"],
    keys: Float[Tensor, "heads columns"],
    gate: Float[Tensor, " heads"],
    reading: Float[Tensor, "heads rows"],
    usage: Float[Tensor, " rows"],
) -> tuple[Float[Tensor, "rows columns"], Float[Tensor, "heads rows"]]:
    """Write each key to where its head has just read, and to a least used row, emptied before: M and w_w."""
    least_used = usage.argsort(stable=True)[: len(keys)]
    marks = functional.one_hot(least_used, len(memory)).to(memory.dtype)  # w_lu; head i has the i-th least used
    writing = gate[:, None] * reading + (1 - gate[:, None]) * marks
    kept = memory * (1 - marks.sum(0))[:, None]
    return kept + writing.T @ keys, writing


def address(
    memory: Float[Tensor, "rows columns"], keys: Float[Tensor, "heads columns"], strength: Tensor | float
) -> Float[Tensor, "heads rows"]:
    """Softmax over rows of the cosine similarity of each key and row, times the strength of the key."""
    cosine = functional.normalize(keys, dim=1) @ functional.normalize(memory, dim=1).T
    strength = strength[:, None] if isinstance(strength, Tensor) else strength
    return (strength * cosine).softmax(1)


def shrink(x: Float[Tensor, "n side side channels"], size: int) -> Float[Tensor, "n size size channels"]:
    """Images of fewer pixels, each the mean over the area that it covers."""
    side = x.shape[1]
    edges = torch.arange(size + 1, dtype=x.dtype, device=x.device) * (side / size)
    pixels = torch.arange(side, dtype=x.dtype, device=x.device)
    ends = torch.minimum(edges[1:, None], pixels + 1)
    starts = torch.maximum(edges[:-1, None], pixels)
    overlap = (ends - starts).clamp(min=0) * (size / side)
    return (overlap @ x.movedim(3, 1) @ overlap.T).movedim(1, 3)
