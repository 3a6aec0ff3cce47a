"""Relation networks.

Sung et al. 2018, "Learning to compare: relation network for few-shot learning", section 3.

    f(x)       feature maps of an image                                        (four convolutional blocks)
    F_n        = sum over the support images x_i of class n of f(x_i)
    r_n(x)     = g(concatenation of F_n and f(x)) in (0, 1), the relation score  (two blocks, two linear layers)
    minimise over f and g, by Adam:  mean over queries (x, y) and classes n of (r_n(x) - [n = y])^2
    the class of x is the n with the greatest r_n
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from metascore.learners.base import AbstractLearner, MetaLoss, last
from metascore.networks.encoder import halved
from metascore.networks.initialisation import filters, uniform
from metascore.networks.layers import batch_norm, max_pool
from metascore.networks.patches import convolve
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples


class ClassMaps(NamedTuple):
    """The state after seeing the support set."""

    params: Params
    maps: Float[Tensor, "way h w c"]


@dataclass(frozen=True, kw_only=True)
class RelationNet(AbstractLearner):
    """Learns both an embedding and the measure that compares two of them."""

    family: ClassVar[str] = "metric"
    citation: ClassVar[str] = "Sung et al. 2018, arXiv:1711.06025"
    any_way: ClassVar[bool] = True
    relabelling_permutes: ClassVar[bool] = True
    normalisation = "transductive"  # the official code never leaves training mode

    width: int  # filters a layer
    downsample: Literal["stride", "max_pool"] = "max_pool"
    hidden: int = 8  # units between the two linear layers

    @property
    def pixels(self) -> int:
        """Of a map after four halvings; the first two drop the border that padding reached, where they pool."""
        sides = list(self.problem.example[:2])
        for crop in (2, 2, 0, 0) if self.downsample == "max_pool" else (0, 0, 0, 0):
            sides = [halved(side - crop, self.downsample) for side in sides]
        return math.prod(sides)

    def initialise(self, generator: torch.Generator) -> Params:
        w, flat = self.width, self.width * self.pixels
        params: Params = {}
        inputs = {"conv1": self.problem.example[-1]} | dict.fromkeys(("conv2", "conv3", "conv4"), w)
        inputs |= {"relation1": 2 * w, "relation2": w}
        for name, channels in inputs.items():
            params[f"{name}.weight"] = filters(generator, channels, w)
            params[f"{name}.gain"] = torch.ones(w)
            params[f"{name}.bias"] = torch.zeros(w)
        for name, fan_in, fan_out in (("hidden", flat, self.hidden), ("score", self.hidden, 1)):
            params[f"{name}.weight"] = uniform(generator, fan_in, fan_out)
            params[f"{name}.bias"] = torch.zeros(fan_out)
        return params

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        logits = self.predict(last(self.adapt(params, episode.support, 0)), episode.query.x)
        target = functional.one_hot(episode.query.y, self.problem.way).to(logits.dtype)
        return MetaLoss((logits.sigmoid() - target).square().mean())

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[ClassMaps]:
        one_hot = functional.one_hot(support.y, self.problem.way).to(support.x.dtype)
        maps = torch.einsum("sn,shwc->nhwc", one_hot, self._encode(params, support.x))
        for _ in range(steps + 1):
            yield ClassMaps(params, maps)

    def predict(self, adapted: ClassMaps, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n way"]:
        params = adapted.params
        pairs = self._first_relation(params, self._encode(params, x), adapted.maps)
        pairs = self._rest(pairs, params, "relation1", halve=True)
        features = self._block(pairs, params, "relation2").flatten(1)
        features = (features @ params["hidden.weight"] + params["hidden.bias"]).relu()
        return (features @ params["score.weight"] + params["score.bias"]).reshape(len(x), self.problem.way)

    def _encode(self, params: Params, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n h w c"]:
        """Two blocks that halve the image and two that keep its size, normalised by their own statistics."""
        for name in ("conv1", "conv2"):
            x = self._block(x, params, name, crop=self.downsample == "max_pool")
        for name in ("conv3", "conv4"):
            x = self._rest(convolve(x, params[f"{name}.weight"], 1), params, name, halve=False)
        return x

    def _first_relation(
        self, params: Params, queries: Float[Tensor, "n h w c"], classes: Float[Tensor, "way h w c"]
    ) -> Float[Tensor, "pairs h2 w2 c"]:
        """Convolve every concatenation of a class map and a query map.

        A convolution is linear, so each half is convolved once and every pair only adds two results.
        """
        weight = params["relation1.weight"].unflatten(1, (9, 2, self.width))
        halves = [weight[:, :, half].flatten(1) for half in (0, 1)]
        of_classes, of_queries = (
            convolve(x, half, self._stride) for x, half in zip((classes, queries), halves, strict=True)
        )
        return (of_classes[None] + of_queries[:, None]).flatten(0, 1)

    @property
    def _stride(self) -> int:
        return 2 if self.downsample == "stride" else 1

    def _block(
        self, x: Float[Tensor, "n h w c"], params: Params, name: str, crop: bool = False
    ) -> Float[Tensor, "n h2 w2 d"]:
        """Convolution, batch norm, ReLU and halving; `crop` leaves the pixels that no padding reached."""
        x = convolve(x, params[f"{name}.weight"], self._stride)
        return self._rest(x[:, 1:-1, 1:-1] if crop else x, params, name, halve=True)

    def _rest(self, x: Float[Tensor, "n h w d"], params: Params, name: str, halve: bool) -> Float[Tensor, "n h2 w2 d"]:
        """What follows a convolution. Strides have halved the maps already."""
        x = batch_norm(x, params[f"{name}.gain"], params[f"{name}.bias"])[0].relu()
        return max_pool(x) if halve and self.downsample == "max_pool" else x
