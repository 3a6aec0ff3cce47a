"""Convolutions as matrix products over patches, in NHWC: differentiable to any order, and fast when mapped over.

Where every episode has weights of its own, these become batched matrix products. Patches and their adjoint are each
other's derivative.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor, autograd
from torch.nn import functional


class Patches(autograd.Function):
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


class Unpatched(autograd.Function):
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


def convolve(x: Float[Tensor, "n h w c"], weight: Float[Tensor, "d nine_c"], stride: int) -> Float[Tensor, "n h2 w2 d"]:
    """3 x 3 convolution with zero padding 1; rows of `weight` are filters, in the order (row, column, channel)."""
    return Patches.apply(x, stride) @ weight.mT
