"""Autograd functions of several episodes, which torch.func.vmap may multiply.

They take and return maps, weights and vectors (see kernels). Weights and vectors that vmap does not map over stay
single, so that episodes share them; what they pass on is per episode, until autograd, outside vmap, asks for the
gradient of the single one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch._C import _functorch as functorch

from metascore.networks.kernels import EPISODES, MAP_DIMS


class Count(int):
    """A number of weights or vectors that a gradient is wanted for, which vmap multiplies."""


class OverEpisodes(torch.autograd.Function):
    """A function of several episodes, which vmap may multiply: its axis joins theirs, and runs fastest."""

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple, *inputs: Any) -> tuple[tuple, tuple]:
        size = info.batch_size
        outputs = cls.apply(*(_merged(value, dim, size) for value, dim in zip(inputs, in_dims, strict=True)))
        axes = tuple(map(_axis, outputs))
        apart = (value.unflatten(axis, (-1, size)) for value, axis in zip(outputs, axes, strict=True))
        return tuple(apart), tuple(axis + 1 for axis in axes)


def _axis(value: Tensor) -> int:
    """Which axis of a tensor counts episodes."""
    return EPISODES if value.dim() == MAP_DIMS else 0


def _merged(value: Any, dim: int | None, size: int) -> Any:
    """A tensor of so many times the episodes: vmap's axis `dim` joins theirs. One without it is repeated, or shared."""
    if isinstance(value, Count):
        return Count(value * size)
    if not isinstance(value, Tensor):
        return value
    if dim is None:
        axis = _axis(value) + 1
        if axis == 1 and len(value) == 1:
            return value
        value = value.unsqueeze(axis).expand(*value.shape[:axis], size, *value.shape[axis:])
    else:
        axis = EPISODES + 1 if value.dim() == MAP_DIMS + 1 else 1
        value = value.movedim(dim, axis)
    value = value.flatten(axis - 1, axis)
    return value if _is_mapped(value) else value.contiguous()


def _is_mapped(value: Tensor) -> bool:
    """Whether another vmap is still to join its axis: only then is it clear in which order memory should be."""
    while functorch.is_functorch_wrapped_tensor(value):
        if functorch.is_batchedtensor(value):
            return True
        value = functorch.get_unwrapped(value)
    return False
