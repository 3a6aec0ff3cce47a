"""Convolutions of several episodes at once, differentiable to any order.

A convolution, and its adjoints with respect to images and to weights, are each linear in two things, and each other's
derivatives: three functions that need no fourth.
"""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor

from metascore.networks import kernels
from metascore.networks.kernels import EPISODES
from metascore.networks.over_episodes import Count, OverEpisodes


def convolve(x: Float[Tensor, "n h w c"], weight: Float[Tensor, "d nine_c"], stride: int) -> Float[Tensor, "n h2 w2 d"]:
    """3 x 3 convolution with zero padding 1; rows of `weight` are filters, in the order (row, column, channel)."""
    return Convolution.apply(stride, x.unsqueeze(EPISODES), weight.unsqueeze(0))[0].squeeze(EPISODES)


class Convolution(OverEpisodes):
    """stride, x, weights -> z."""

    @staticmethod
    def forward(stride: int, x: Tensor, weight: Tensor) -> tuple[Tensor]:
        return (kernels.convolved(x, weight, stride),)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.stride, *tensors = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        of_x = InputGradient.apply(ctx.stride, gradient, weight, x)[0] if ctx.needs_input_grad[1] else None
        return None, of_x, _of_weights(ctx.stride, x, gradient, len(weight))


class InputGradient(OverEpisodes):
    """stride, gradient of z, weights, x (of which only the shape matters) -> gradient of x."""

    @staticmethod
    def forward(stride: int, gradient: Tensor, weight: Tensor, x: Tensor) -> tuple[Tensor]:
        return (kernels.input_gradient(gradient, weight, x, stride),)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.stride, *tensors, _ = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, direction: Tensor) -> tuple[Tensor | None, ...]:
        gradient, weight = ctx.saved_tensors
        of_gradient = Convolution.apply(ctx.stride, direction, weight)[0]
        return None, of_gradient, _of_weights(ctx.stride, direction, gradient, len(weight)), None


class WeightGradient(OverEpisodes):
    """stride, the number of weights to find gradients of, x, gradient of z -> gradients of the weights."""

    @staticmethod
    def forward(stride: int, count: Count, x: Tensor, gradient: Tensor) -> tuple[Tensor]:
        return (kernels.weight_gradient(x, gradient, stride, count),)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.stride, _, *tensors = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    def backward(ctx: Any, direction: Tensor) -> tuple[Tensor | None, ...]:
        x, gradient = ctx.saved_tensors
        of_x = InputGradient.apply(ctx.stride, gradient, direction, x)[0] if ctx.needs_input_grad[2] else None
        return None, None, of_x, Convolution.apply(ctx.stride, x, direction)[0]


def _of_weights(stride: int, x: Tensor, gradient: Tensor, count: int) -> Tensor:
    return kernels.summed(WeightGradient.apply(stride, Count(count), x, gradient)[0], count)
