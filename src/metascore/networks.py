"""Networks as pure functions of named tensors: `network.initialise(generator)`, `network(params, x)`.

Convolutions are matrix products over patches, in NHWC. When the trainer maps over episodes, each of which has
weights of its own after adaptation, these become batched matrix products, where a library convolution would fall
back to one group an episode. Patches and their adjoint are each other's derivative, so gradients of any order
stay this fast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from metascore.problems import Problem

Params = dict[str, Tensor]
Moments = dict[str, Tensor]  # means and variances of batch norm, by layer

LAYERS = 4
IMAGE_SIZE = 28
NORM_EPSILON = 1e-3  # Finn et al.'s code; keeps second derivatives tame


class Patches(torch.autograd.Function):
    """(*n, h, w, c) -> (*n, h', w', 9c): the zero-padded 3 x 3 surroundings of every `stride`-th pixel."""

    @staticmethod
    def forward(x: Tensor, stride: int) -> Tensor:
        x = functional.pad(x, (0, 0, 1, 1, 1, 1))
        *n, height, width, channels = x.shape
        *steps, row, column, channel = x.stride()
        shape = (*n, (height - 3) // stride + 1, (width - 3) // stride + 1, 3, 3, channels)
        strides = (*steps, stride * row, stride * column, row, column, channel)
        return x.as_strided(shape, strides).reshape(*shape[:-3], 9 * channels)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        ctx.size, ctx.stride = inputs[0].shape[-3:], inputs[1]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return Unpatched.apply(gradient, ctx.size, ctx.stride), None

    @staticmethod
    def vmap(info: Any, in_dims: tuple, x: Tensor, stride: int) -> tuple[Tensor, int]:
        return Patches.apply(x.movedim(in_dims[0], 0), stride), 0


class Unpatched(torch.autograd.Function):
    """The adjoint of Patches: every pixel gets the sum over the patches it lies in."""

    @staticmethod
    def forward(patches: Tensor, size: tuple[int, int, int], stride: int) -> Tensor:
        height, width, channels = size
        *n, rows, columns, _ = patches.shape
        out = patches.new_zeros(*n, height + 2, width + 2, channels)
        patches = patches.unflatten(-1, (3, 3, channels))
        for i in range(3):
            for j in range(3):
                rows_at = slice(i, i + stride * (rows - 1) + 1, stride)
                columns_at = slice(j, j + stride * (columns - 1) + 1, stride)
                out[..., rows_at, columns_at, :] += patches[..., i, j, :]
        return out[..., 1:-1, 1:-1, :]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
        ctx.stride = inputs[2]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        return Patches.apply(gradient, ctx.stride), None, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple, patches: Tensor, size: tuple, stride: int) -> tuple[Tensor, int]:
        return Unpatched.apply(patches.movedim(in_dims[0], 0), size, stride), 0


def convolve(x: Float[Tensor, "n h w c"], weight: Float[Tensor, "nine_c d"], stride: int) -> Float[Tensor, "n h2 w2 d"]:
    """3 x 3 convolution with zero padding 1; `weight` has rows in the order (row, column, input channel)."""
    return Patches.apply(x, stride) @ weight


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
            # Glorot's fans of a 3 x 3 convolution are 9 times its channels, in and out.
            params[f"conv{layer}.weight"] = uniform(generator, 9 * channels, 9 * self.width)[:, : self.width]
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
        """Embed a batch with given statistics (or its own); also returns the statistics that were used."""
        used: Moments = {}
        stride = 2 if self.downsample == "stride" else 1
        for layer in range(1, LAYERS + 1):
            name = f"norm{layer}"
            x = convolve(x, params[f"conv{layer}.weight"], stride)
            mean, variance = moments(x) if given is None else (given[f"{name}.mean"], given[f"{name}.variance"])
            used |= {f"{name}.mean": mean, f"{name}.variance": variance}
            x = normalise(x, mean, variance, params, name).relu()
            x = max_pool(x) if stride == 1 else x
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
