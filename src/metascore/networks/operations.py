"""The operations of a convolutional block, in the implementation that suits the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from metascore.networks import batch_norm, convolution, layers, patches, pooling

Normalised = tuple[Tensor, Tensor, Tensor]  # maps, and the mean and the variance that normalised them


class Operations(NamedTuple):
    """Functions of the maps (n, h, w, c) of one episode; gradients of batch norm's statistics are not asked for."""

    convolve: Callable[[Tensor, Tensor, int], Tensor]
    batch_norm: Callable[[Tensor, Tensor, Tensor], Normalised]
    max_pool: Callable[[Tensor], Tensor]


def operations_on(device: torch.device) -> Operations:
    """On a CPU, mapped-over episodes go through a library's kernel together; elsewhere as batched matrix products."""
    return TOGETHER if device.type == "cpu" else BATCHED


TOGETHER = Operations(convolution.convolve, batch_norm.batch_norm, pooling.max_pool)
BATCHED = Operations(patches.convolve, layers.batch_norm, layers.max_pool)
