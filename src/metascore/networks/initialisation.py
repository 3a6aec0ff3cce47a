"""Where weights begin: Glorot and Bengio's (2010) uniform initialisation, and zero biases."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.tensors import Params


def uniform(generator: torch.Generator, fan_in: int, fan_out: int) -> Float[Tensor, "fan_in fan_out"]:
    """Glorot and Bengio's (2010) uniform initialisation of a linear map."""
    bound = math.sqrt(6 / (fan_in + fan_out))
    return (2 * torch.rand(fan_in, fan_out, generator=generator) - 1) * bound


def filters(generator: torch.Generator, channels: int, count: int) -> Float[Tensor, "count nine_channels"]:
    """Glorot's uniform initialisation of a 3 x 3 convolution, whose fans are 9 times its channels, in and out."""
    return uniform(generator, 9 * channels, 9 * count)[:, :count].T.contiguous()


def linear_layer(generator: torch.Generator, name: str, fan_in: int, fan_out: int) -> Params:
    """A linear layer: Glorot weights, zero bias."""
    return {f"{name}.weight": uniform(generator, fan_in, fan_out), f"{name}.bias": torch.zeros(fan_out)}
