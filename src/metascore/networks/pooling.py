"""Pooling for several episodes at once, differentiable to any order.

Choosing values, and putting them back where they were chosen, are each other's derivatives.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor

from metascore.networks import kernels
from metascore.networks.kernels import EPISODES
from metascore.networks.over_episodes import OverEpisodes


def max_pool(u: Float[Tensor, "n h w c"]) -> Float[Tensor, "n h2 w2 c"]:
    """Maximum over 2 x 2 blocks; an odd last row or column is dropped."""
    return Pooled.apply(u.unsqueeze(EPISODES))[0].squeeze(EPISODES)


class Pooled(OverEpisodes):
    """u -> its maxima; as constants where they were."""

    @staticmethod
    def forward(u: Tensor) -> tuple[Tensor, Tensor]:
        return kernels.pooled(u)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.size = inputs[0].shape[1:3]
        ctx.mark_non_differentiable(output[1])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(output[1])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: None) -> Tensor:
        return Unpooled.apply(*ctx.size, gradient, *ctx.saved_tensors)[0]


class Unpooled(OverEpisodes):
    """Height and width of u, gradient of the maxima, where these were -> gradient of u."""

    @staticmethod
    def forward(height: int, width: int, gradient: Tensor, indices: Tensor) -> tuple[Tensor]:
        return (kernels.unpooled(gradient, (height, width), indices),)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        *ctx.size, _, indices = inputs
        ctx.save_for_backward(indices)

    @staticmethod
    def backward(ctx: Any, direction: Tensor) -> tuple[None, None, Tensor, None]:
        return None, None, Chosen.apply(*ctx.size, direction, *ctx.saved_tensors)[0], None


class Chosen(OverEpisodes):
    """Height and width of u, u, where to look -> the values of u there."""

    @staticmethod
    def forward(height: int, width: int, u: Tensor, indices: Tensor) -> tuple[Tensor]:
        return (kernels.chosen(u, indices),)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        *ctx.size, _, indices = inputs
        ctx.save_for_backward(indices)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, Tensor, None]:
        return None, None, Unpooled.apply(*ctx.size, gradient, *ctx.saved_tensors)[0], None
