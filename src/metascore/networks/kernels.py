"""Convolution, batch norm and pooling for several episodes in one call of a library's kernel.

Tensors come in three shapes: maps (n, h, w, e, c) of e episodes; weights (k, d, 9c), whose rows are filters in the
order (row, column, input channel); vectors (k, c). Episode i has the weights and the vectors i mod k: k is e where
every episode has its own, and 1 where all share.

In memory, episodes with weights of their own are groups of channels, so that they are one grouped convolution in
channels_last. Episodes that share weights are a third axis of the image beside its rows and columns, along which the
filter has length 1: one convolution again, and the widest axis is the one that its kernel runs along.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from metascore.networks.patches import Patches

NORM_EPSILON = 1e-3  # Finn et al.'s code; keeps second derivatives tame
MAP_DIMS, EPISODES = 5, 3  # of maps: the number of axes, and which one counts episodes
FEW_POSITIONS = 128  # up to which a weight gradient is faster as a matrix product over patches


def convolved(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    """3 x 3 convolution with zero padding 1."""
    weight = _fitting(weight, x)
    planes, filters = _planes(x, len(weight)), _filters(weight, x)
    stride_, padding, ones, zeros = _geometry(planes, stride)
    found = torch.ops.aten.convolution(planes, filters, None, stride_, padding, ones, False, zeros, len(weight))
    return _maps(found, len(weight))


def input_gradient(gradient: Tensor, weight: Tensor, x: Tensor, stride: int) -> Tensor:
    """The adjoint of `convolved` with respect to x, of which only the shape matters."""
    return _maps(_convolution_gradients(gradient, x, weight, stride, (True, False))[0], len(weight))


def weight_gradient(x: Tensor, gradient: Tensor, stride: int, count: int) -> Tensor:
    """The adjoint of `convolved` with respect to `count` weights, in the way that is fastest for the shape."""
    episodes, channels = x.shape[EPISODES:]
    positions = gradient.shape[0] * gradient.shape[1] * gradient.shape[2]
    if channels == 1 and count < episodes:
        return summed(weight_gradient(x, gradient, stride, episodes), count)
    if channels > 1 and count == episodes and positions <= FEW_POSITIONS:
        patches = Patches.forward(x.movedim(EPISODES, 0), stride)
        return torch.bmm(gradient.flatten(0, 2).permute(1, 2, 0), patches.flatten(1, 3))
    shape = (count, gradient.shape[-1], 9 * channels)
    found = _convolution_gradients(gradient, x, x.new_empty(shape), stride, (False, True))[1]
    return found.movedim(1, -1).reshape(shape)


def normalised(z: Tensor, gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Batch norm gain h + bias, where h = (z - mean) r and r = 1 / sqrt(variance + epsilon); the mean; r."""
    episodes = z.shape[EPISODES]
    gain, bias = repeated(gain, episodes), repeated(bias, episodes)
    u, mean, inverse = torch.native_batch_norm(
        _planes(z, episodes), gain.flatten(), bias.flatten(), None, None, True, 0.0, NORM_EPSILON
    )
    return _maps(u, episodes), mean.view_as(gain), inverse.view_as(gain)


def norm_gradients(
    gradient: Tensor, z: Tensor, gain: Tensor | None, mean: Tensor, inverse: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gain J gradient (gain is 1 where None; J = d h / d z), sum(gradient h) and sum(gradient)."""
    episodes = z.shape[EPISODES]
    of_z, of_gain, of_bias = torch.ops.aten.native_batch_norm_backward(
        _planes(gradient, episodes),
        _planes(z, episodes),
        None if gain is None else repeated(gain, episodes).flatten(),
        None,
        None,
        mean.flatten(),
        inverse.flatten(),
        True,
        NORM_EPSILON,
        [True, True, True],
    )
    return _maps(of_z, episodes), of_gain.view_as(mean), of_bias.view_as(mean)


def where_positive(gradient: Tensor, output: Tensor) -> Tensor:
    """The adjoint of ReLU."""
    return torch.ops.aten.threshold_backward(gradient, output, 0)


def pooled(u: Tensor) -> tuple[Tensor, Tensor]:
    """Maxima over 2 x 2 positions, and where in a plane they were."""
    episodes = u.shape[EPISODES]
    values, indices = functional.max_pool2d(_planes(u, episodes), 2, return_indices=True)
    return _maps(values, episodes), _maps(indices, episodes)


def unpooled(gradient: Tensor, size: tuple[int, int], indices: Tensor) -> Tensor:
    """The adjoint of `pooled`, for maps of this height and width."""
    u = gradient.new_empty(len(gradient), *size, *gradient.shape[EPISODES:])
    episodes, two, none, one = u.shape[EPISODES], [2, 2], [0, 0], [1, 1]
    planes = [_planes(maps, episodes) for maps in (gradient, u, indices)]
    found = torch.ops.aten.max_pool2d_with_indices_backward(*planes[:2], two, two, none, one, False, planes[2])
    return _maps(found, episodes)


def chosen(u: Tensor, indices: Tensor) -> Tensor:
    """The values of u where `pooled` found its maxima."""
    episodes = u.shape[EPISODES]
    planes = _planes(indices, episodes)
    return _maps(_planes(u, episodes).flatten(2).gather(2, planes.flatten(2)).view_as(planes), episodes)


def repeated(value: Tensor, episodes: int) -> Tensor:
    """One weight or vector an episode, from k of them."""
    if len(value) == episodes:
        return value
    # Contiguous even where an axis has length 1: batch norm's kernel reads its vectors without their strides.
    return value.expand(episodes // len(value), *value.shape).flatten(0, 1).contiguous()


def summed(value: Tensor, count: int) -> Tensor:
    """The adjoint of `repeated`: sums over the episodes that share one of `count` weights or vectors."""
    return value if len(value) == count else value.unflatten(0, (-1, count)).sum(0)


def _fitting(weight: Tensor, x: Tensor) -> Tensor:
    """Images have one channel, for which libraries have a fast kernel in two dimensions but not in three."""
    return repeated(weight, x.shape[EPISODES]) if x.shape[-1] == 1 else weight


def _convolution_gradients(gradient: Tensor, x: Tensor, weight: Tensor, stride: int, wanted: tuple[bool, bool]) -> Any:
    count = len(weight)
    planes = _planes(x, count)
    stride_, padding, ones, zeros = _geometry(planes, stride)
    return torch.ops.aten.convolution_backward(
        _planes(gradient, count),
        planes,
        _filters(weight, x),
        None,
        stride_,
        padding,
        ones,
        False,
        zeros,
        count,
        [*wanted, False],
    )


def _geometry(planes: Tensor, stride: int) -> tuple[list[int], list[int], list[int], list[int]]:
    """Stride, padding, dilation and output padding in the two or three dimensions of these planes."""
    dims = planes.dim() - 2
    return [stride, stride, 1][:dims], [1, 1, 0][:dims], [1] * dims, [0] * dims


def _planes(maps: Tensor, count: int) -> Tensor:
    """(n, h, w, e, c) as PyTorch's (n, k c, h, w, e / k), in channels_last, without the last axis where k = e."""
    apart = maps.unflatten(EPISODES, (-1, count)).flatten(EPISODES + 1).movedim(-1, 1)
    return apart.squeeze(-1) if count == maps.shape[EPISODES] else apart


def _maps(planes: Tensor, count: int) -> Tensor:
    """The inverse of _planes."""
    return planes.movedim(1, -1).unflatten(-1, (count, -1)).flatten(EPISODES, -2)


def _filters(weight: Tensor, x: Tensor) -> Tensor:
    """(k, d, 9c) as PyTorch's (k d, c, 3, 3), in channels_last; with one more axis of length 1 where episodes share."""
    window = (3, 3) if len(weight) == x.shape[EPISODES] else (3, 3, 1)
    return weight.reshape(-1, *window, x.shape[-1]).movedim(-1, 1)
