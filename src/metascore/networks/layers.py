"""The layers that networks are made of, as pure functions: differentiable to any order, and mapped over episodes."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.kernels import NORM_EPSILON
from metascore.networks.tensors import Params


def linear(params: Params, x: Float[Tensor, "*n fan_in"], name: str = "head") -> Float[Tensor, "*n fan_out"]:
    """The linear layer of that name."""
    return x @ params[f"{name}.weight"] + params[f"{name}.bias"]


def moments(x: Float[Tensor, "*n c"]) -> tuple[Float[Tensor, c], Float[Tensor, c]]:
    """Mean and (biased) variance of every channel."""
    axes = tuple(range(x.dim() - 1))
    mean = x.mean(axes)
    return mean, (x - mean).square().mean(axes)


def normalise(
    x: Float[Tensor, "*n c"],
    mean: Float[Tensor, c],
    variance: Float[Tensor, c],
    gain: Float[Tensor, c],
    bias: Float[Tensor, c],
) -> Float[Tensor, "*n c"]:
    """Batch norm with given statistics (Ioffe and Szegedy 2015)."""
    scale = gain * torch.rsqrt(variance + NORM_EPSILON)
    return x * scale + (bias - mean * scale)


def batch_norm(
    x: Float[Tensor, "*n c"], gain: Float[Tensor, c], bias: Float[Tensor, c]
) -> tuple[Float[Tensor, "*n c"], Float[Tensor, c], Float[Tensor, c]]:
    """A batch normalised by its own statistics; its mean and variance, as constants."""
    mean, variance = moments(x)
    return normalise(x, mean, variance, gain, bias), mean.detach(), variance.detach()


def max_pool(x: Float[Tensor, "n h w c"]) -> Float[Tensor, "n h2 w2 c"]:
    """Maximum over 2 x 2 blocks; an odd last row or column is dropped."""
    n, height, width, channels = x.shape
    h, w = height // 2, width // 2
    return x[:, : 2 * h, : 2 * w].reshape(n, h, 2, w, 2, channels).amax((2, 4))
