"""Networks as pure functions of named tensors: `network.initialise(generator)`, `network(params, x)`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.fast_encoder import encode
from metascore.networks.kernels import NORM_EPSILON
from metascore.networks.patches import convolve
from metascore.problems.base import Problem

Params = dict[str, Tensor]
Moments = dict[str, Tensor]  # means and variances of batch norm, by layer

LAYERS = 4
IMAGE_SIZE = 28


def moments(x: Float[Tensor, "*n c"]) -> tuple[Float[Tensor, c], Float[Tensor, c]]:
    """Mean and (biased) variance of every channel."""
    axes = tuple(range(x.dim() - 1))
    mean = x.mean(axes)
    return mean, (x - mean).square().mean(axes)


def normalise(
    x: Float[Tensor, "*n c"], mean: Float[Tensor, c], variance: Float[Tensor, c], params: Params, name: str
) -> Float[Tensor, "*n c"]:
    """Batch norm with given statistics (Ioffe and Szegedy 2015)."""
    scale = params[f"{name}.gain"] * torch.rsqrt(variance + NORM_EPSILON)
    return x * scale + (params[f"{name}.bias"] - mean * scale)


def max_pool(x: Float[Tensor, "n h w c"]) -> Float[Tensor, "n h2 w2 c"]:
    """Maximum over 2 x 2 blocks; an odd last row or column is dropped."""
    n, height, width, channels = x.shape
    h, w = height // 2, width // 2
    return x[:, : 2 * h, : 2 * w].reshape(n, h, 2, w, 2, channels).amax((2, 4))


def uniform(generator: torch.Generator, fan_in: int, fan_out: int) -> Float[Tensor, "fan_in fan_out"]:
    """Glorot and Bengio's (2010) uniform initialisation of a linear map."""
    bound = math.sqrt(6 / (fan_in + fan_out))
    return (2 * torch.rand(fan_in, fan_out, generator=generator) - 1) * bound


def filters(generator: torch.Generator, channels: int, count: int) -> Float[Tensor, "count nine_channels"]:
    """Glorot's uniform initialisation of a 3 x 3 convolution, whose fans are 9 times its channels, in and out."""
    return uniform(generator, 9 * channels, 9 * count)[:, :count].T.contiguous()


@dataclass(frozen=True)
class ConvolutionalEncoder:
    """Vinyals et al.'s (2016) four blocks of 3 x 3 convolution, batch norm, ReLU, each halving the image.

    `downsample` is max_pool (Vinyals, Snell) or stride (Finn, Nichol: the convolution itself takes two steps).
    """

    width: int  # filters a layer
    downsample: str

    @property
    def features(self) -> int:
        """Length of the embedding: 2 x 2 pixels are left by strides, 1 by pooling."""
        return self.width * (4 if self.downsample == "stride" else 1)

    def initialise(self, generator: torch.Generator) -> Params:
        params: Params = {}
        channels = 1
        for layer in range(1, LAYERS + 1):
            params[f"conv{layer}.weight"] = filters(generator, channels, self.width)
            params[f"norm{layer}.gain"] = torch.ones(self.width)
            params[f"norm{layer}.bias"] = torch.zeros(self.width)
            channels = self.width
        return params

    def initial_moments(self) -> Moments:
        """Means 0 and variances 1, for learners that keep running statistics."""
        layers = range(1, LAYERS + 1)
        zeros = {f"norm{layer}.mean": torch.zeros(self.width) for layer in layers}
        return zeros | {f"norm{layer}.variance": torch.ones(self.width) for layer in layers}

    def __call__(self, params: Params, x: Float[Tensor, "n 28 28 1"]) -> Float[Tensor, "n features"]:
        """Embed a batch, normalised by its own statistics."""
        return self.embed(params, x)[0]

    def embed(
        self, params: Params, x: Float[Tensor, "n 28 28 1"], given: Moments | None = None
    ) -> tuple[Float[Tensor, "n features"], Moments]:
        """Embed a batch with given statistics (or its own); also returns those that were used, as constants."""
        if given is not None or x.device.type != "cpu":
            return self._block_by_block(params, x, given)
        parts = ("conv{}.weight", "norm{}.gain", "norm{}.bias")
        weights, gains, biases = ([params[part.format(layer)] for layer in range(1, LAYERS + 1)] for part in parts)
        maps, means, variances = encode(x, weights, gains, biases, self._stride)
        used = {f"norm{layer}.mean": value for layer, value in enumerate(means, 1)}
        return maps.flatten(1), used | {f"norm{layer}.variance": value for layer, value in enumerate(variances, 1)}

    def statistics(self, params: Params, x: Float[Tensor, "n 28 28 1"]) -> Moments:
        """The statistics by which a batch is normalised, differentiable with respect to params."""
        return self._block_by_block(params, x, None)[1]

    @property
    def _stride(self) -> int:
        return 2 if self.downsample == "stride" else 1

    def _block_by_block(self, params: Params, x: Tensor, given: Moments | None) -> tuple[Tensor, Moments]:
        used: Moments = {}
        for layer in range(1, LAYERS + 1):
            name = f"norm{layer}"
            x = convolve(x, params[f"conv{layer}.weight"], self._stride)
            mean, variance = moments(x) if given is None else (given[f"{name}.mean"], given[f"{name}.variance"])
            used |= {f"{name}.mean": mean, f"{name}.variance": variance}
            x = normalise(x, mean, variance, params, name).relu()
            x = max_pool(x) if self.downsample == "max_pool" else x
        return x.flatten(1), used


@dataclass(frozen=True)
class PerceptronEncoder:
    """Two hidden layers of ReLU units (Finn et al. 2017, section 5.1: 40 each)."""

    width: int

    @property
    def features(self) -> int:
        return self.width

    def initialise(self, generator: torch.Generator) -> Params:
        params: Params = {}
        for layer, inputs in ((1, 1), (2, self.width)):
            params[f"hidden{layer}.weight"] = uniform(generator, inputs, self.width)
            params[f"hidden{layer}.bias"] = torch.zeros(self.width)
        return params

    def __call__(self, params: Params, x: Float[Tensor, "n 1"]) -> Float[Tensor, "n features"]:
        for layer in (1, 2):
            x = (x @ params[f"hidden{layer}.weight"] + params[f"hidden{layer}.bias"]).relu()
        return x


@dataclass(frozen=True)
class Network:
    """An encoder with a linear head of `outputs` units."""

    encoder: ConvolutionalEncoder | PerceptronEncoder
    outputs: int

    @classmethod
    def of(cls, problem: Problem, width: int, downsample: str) -> Network:
        """The field's standard network for a problem; `downsample` concerns images only."""
        if problem.kind == "regression":
            return cls(PerceptronEncoder(width), problem.way)
        return cls(ConvolutionalEncoder(width, downsample), problem.way)

    def initialise(self, generator: torch.Generator) -> Params:
        params = self.encoder.initialise(generator)
        return params | linear_layer(generator, "head", self.encoder.features, self.outputs)

    def __call__(self, params: Params, x: Tensor) -> Float[Tensor, "n outputs"]:
        return linear(params, self.encoder(params, x))


def linear_layer(generator: torch.Generator, name: str, fan_in: int, fan_out: int) -> Params:
    """A linear layer: Glorot weights, zero bias."""
    return {f"{name}.weight": uniform(generator, fan_in, fan_out), f"{name}.bias": torch.zeros(fan_out)}


def linear(params: Params, x: Float[Tensor, "*n fan_in"], name: str = "head") -> Float[Tensor, "*n fan_out"]:
    """The linear layer of that name."""
    return x @ params[f"{name}.weight"] + params[f"{name}.bias"]
