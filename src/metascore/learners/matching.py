"""Matching networks.

Vinyals, Blundell, Lillicrap, Kavukcuoglu and Wierstra 2016, "Matching networks for one shot learning", equations 1
and 2; full context embeddings in their section 2.1.2 and appendix A.

    a(x, x_i)  = softmax over the support images i of  cosine(f(x), g(x_i)) / temperature
    p(n | x)   = sum of a(x, x_i) over the support images of class n
    minimise over f and g, by Adam:  mean over queries (x, y) of -log p(y | x)

Without full context f = g = f', a convolutional encoder. With it, h and r being a hidden and a read vector:

    g(x_i)        = f'(x_i) + forward_i + backward_i      a bidirectional LSTM over the support set
    hh_k          = LSTM(f'(x), state [h_{k-1}, r_{k-1}])      k = 1 .. reads
    h_k           = hh_k + f'(x)
    r_k           = sum over i of softmax(<h_k, g(x_i)>) g(x_i)
    f(x)          = h_reads
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
from metascore.networks.lstm import lstm_parameters, lstm_step
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples
from metascore.problems.supervised import cross_entropy


class Context(NamedTuple):
    """The state after seeing the support set."""

    params: Params
    keys: Float[Tensor, "support features"]  # g
    y: Tensor  # (support,)


@dataclass(frozen=True, kw_only=True)
class MatchingNet(AbstractLearner):
    """Learns an embedding in which attention to the support set labels a query."""

    family: ClassVar[str] = "metric"
    citation: ClassVar[str] = "Vinyals et al. 2016, arXiv:1606.04080"
    any_way: ClassVar[bool] = True
    relabelling_permutes: ClassVar[bool] = True
    normalisation = "inductive"

    width: int  # filters a layer
    downsample: Literal["stride", "max_pool"] = "max_pool"
    temperature: float = 1.0
    full_context: bool = False
    reads: int = 5  # of the support set by a query, with full context

    @property
    def support_order_matters(self) -> bool:
        return self.full_context  # whose LSTM reads the support set as a sequence

    @cached_property
    def encoder(self) -> ConvolutionalEncoder:
        return ConvolutionalEncoder(self.width, self.downsample, self.problem.example)

    def initialise(self, generator: torch.Generator) -> Params:
        moments = {STATE + name: value for name, value in self.encoder.initial_moments().items()}
        params = self.encoder.initialise(generator) | moments
        features = self.encoder.features
        if self.full_context:
            for name in ("forward", "backward"):
                params |= lstm_parameters(generator, name, features, features)
            params |= lstm_parameters(generator, "read", features, features, hidden=2 * features)
        return params

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        # While training, support and query images are normalised together.
        support, query = episode
        features, moments = self.encoder.embed(params, torch.cat([support.x, query.x]))
        keys, queries = features.split([len(support.x), len(query.x)])
        context = Context(params, self._keys(params, keys), support.y)
        return MetaLoss(
            cross_entropy(self._match(context, queries), query.y).mean(), updated_running_statistics(params, moments)
        )

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Context]:
        context = Context(params, self._keys(params, self._embed(params, support.x)), support.y)
        for _ in range(steps + 1):
            yield context

    def predict(self, adapted: Context, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        return self._match(adapted, self._embed(adapted.params, x))

    def _match(self, context: Context, queries: Float[Tensor, "n features"]) -> Float[Tensor, "n way"]:
        """Log of the attention that each class gets, up to a constant."""
        if self.full_context:
            queries = attend(context.params, queries, context.keys, self.reads)
        cosine = functional.normalize(queries, dim=1) @ functional.normalize(context.keys, dim=1).T
        other = context.y[:, None] != torch.arange(self.problem.way, device=queries.device)
        attention = (cosine / self.temperature)[:, :, None].masked_fill(other, -torch.inf)
        return attention.logsumexp(1)

    def _keys(self, params: Params, features: Float[Tensor, "support features"]) -> Tensor:
        return read_both_ways(params, features) if self.full_context else features

    def _embed(self, params: Params, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n features"]:
        """Normalised by the running statistics of meta-training, so that images do not depend on each other."""
        return self.encoder.embed(params, x, running_statistics(params))[0]


def read_both_ways(params: Params, features: Float[Tensor, "support d"]) -> Float[Tensor, "support d"]:
    """g: every support image in the context of all of them."""
    forward = _read(params, "forward", list(features))
    backward = _read(params, "backward", list(features.flip(0))).flip(0)
    return features + forward + backward


def _read(params: Params, name: str, sequence: list[Tensor]) -> Float[Tensor, "support d"]:
    """Hidden states of an LSTM along a sequence."""
    hidden = cell = torch.zeros_like(sequence[0])
    states = []
    for x in sequence:
        hidden, cell = lstm_step(params, name, x, hidden, cell)
        states.append(hidden)
    return torch.stack(states)


def attend(
    params: Params, queries: Float[Tensor, "n d"], keys: Float[Tensor, "support d"], reads: int
) -> Float[Tensor, "n d"]:
    """f: every query in the context of the support set, which it reads several times."""
    hidden = read = cell = torch.zeros_like(queries)
    for _ in range(reads):
        hidden, cell = lstm_step(params, "read", queries, torch.cat([hidden, read], 1), cell)
        hidden = hidden + queries
        read = (hidden @ keys.T).softmax(1) @ keys
    return hidden
