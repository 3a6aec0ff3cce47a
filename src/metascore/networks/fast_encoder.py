"""The fast path of the convolutional encoder: a whole pass, for all episodes of a chunk, in few library calls.

`encode` is written for one episode. torch.func.vmap maps it over the episodes of a chunk, which then go through the
kernels of `episode_kernels` together. The derivatives of first and second order are written out in the same kernels. A
pass is one autograd.Function, and so are its derivatives, because functorch spends half a millisecond on each,
whatever it computes.

Every block computes relu(pool(gain h + bias)) of z = convolution(x, weight), where h = (z - mean) r and
r = 1 / sqrt(variance + epsilon). Without pooling the convolution takes two steps at a time.

Functions take and return maps, weights and vectors in sections of one tensor a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.kernels import (
    EPISODES,
    NORM_EPSILON,
    chosen,
    convolved,
    input_gradient,
    norm_gradients,
    normalised,
    pooled,
    repeated,
    summed,
    unpooled,
    weight_gradient,
    where_positive,
)
from metascore.networks.over_episodes import Count, OverEpisodes

Tensors = Sequence[Tensor]


def encode(
    x: Float[Tensor, "n h w c"], weights: Tensors, gains: Tensors, biases: Tensors, stride: int
) -> tuple[Float[Tensor, "n h2 w2 d"], list[Float[Tensor, d]], list[Float[Tensor, d]]]:
    """Maps after the last block; means and variances of every block's batch norm, as constants.

    Of every block, `weights` (d, 9c) are its filters, in the order (row, column, input channel); `gains` and `biases`
    (d,) belong to its batch norm. Differentiable twice with respect to these three, but not with respect to x.
    """
    parameters = [value.unsqueeze(0) for value in chain(weights, gains, biases)]
    outputs, _, means, inverses, *_ = _sections(
        Encode.apply(stride, x.unsqueeze(EPISODES), *parameters), 4 + pools(stride)
    )
    variances = [value.squeeze(0).pow(-2) - NORM_EPSILON for value in inverses]
    return outputs[-1].squeeze(EPISODES), [value.squeeze(0) for value in means], variances


def pools(stride: int) -> bool:
    """Whether a block halves its maps by pooling rather than by the convolution's stride."""
    return stride == 1


class Encode(OverEpisodes):
    """stride, x; weights, gains, biases -> outputs, z; as constants means, r and, with pooling, indices."""

    @staticmethod
    def forward(stride: int, x: Tensor, *parameters: Tensor) -> tuple[Tensor, ...]:
        blocks = []
        for weight, gain, bias in zip(*_sections(parameters, 3), strict=True):
            z = convolved(x, weight, stride)
            u, mean, inverse = normalised(z, gain, bias)
            x, *indices = pooled(u) if pools(stride) else (u,)
            x = x.relu_()
            blocks.append((x, z, mean, inverse, *indices))
        return tuple(chain(*zip(*blocks, strict=True)))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.stride, x, *parameters = inputs
        weights, gains, biases = _sections(parameters, 3)
        ctx.blocks = len(weights)
        ctx.counts = [len(values[0]) for values in (weights, gains, biases)]
        ctx.mark_non_differentiable(*output[2 * ctx.blocks :])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, *weights, *gains, *output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        if ctx.needs_input_grad[1]:
            raise NotImplementedError("the encoder has no gradient with respect to images")
        x, *saved = ctx.saved_tensors
        into = Count(ctx.counts[0])
        found = EncodeGradient.apply(ctx.stride, into, x, *gradients[: 2 * ctx.blocks], *saved)
        kinds = zip(_sections(found[: 3 * ctx.blocks], 3), ctx.counts, strict=True)
        return None, None, *(summed(value, count) for values, count in kinds for value in values)


class EncodeGradient(OverEpisodes):
    """The adjoint of Encode with respect to its parameters.

    stride, the number of weights to find gradients of, x; gradients of outputs and of z (None: zero), weights, gains,
    outputs, z, means, r[, indices] -> gradients of weights; of gains and biases, for every episode; as constants those
    of u = gain h + bias and all of z.
    """

    @staticmethod
    def forward(stride: int, into: Count, x: Tensor, *tensors: Any) -> tuple[Tensor, ...]:
        of_outputs, of_z, weights, gains, outputs, zs, means, inverses, *indices = _sections(tensors, 8 + pools(stride))
        inputs = [x, *outputs[:-1]]
        blocks, passed = [], torch.zeros_like(outputs[-1])
        for k in reversed(range(len(weights))):
            gradient = where_positive(_total(of_outputs[k], passed), outputs[k])
            of_u = unpooled(gradient, zs[k], indices[0][k]) if pools(stride) else gradient
            through, of_gain, of_bias = norm_gradients(of_u, zs[k], gains[k], means[k], inverses[k])
            total = _total(of_z[k], through)
            of_weight = weight_gradient(inputs[k], total, stride, into)
            if k:
                passed = input_gradient(total, weights[k], inputs[k], stride)
            blocks.append((of_weight, of_gain, of_bias, of_u, total))
        return tuple(chain(*zip(*reversed(blocks), strict=True)))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.stride, _, x, *tensors = inputs
        of_outputs, of_z, *saved = _sections(tensors, 8 + pools(ctx.stride))
        ctx.blocks = len(of_z)
        ctx.counts = [len(values[0]) for values in saved[:2]]
        ctx.simple = all(value is None for value in (*of_outputs[:-1], *of_z))
        ctx.mark_non_differentiable(*output[3 * ctx.blocks :])
        ctx.set_materialize_grads(False)
        of_gains = output[ctx.blocks : 2 * ctx.blocks]
        ctx.save_for_backward(x, *chain(*saved), *of_gains, *output[3 * ctx.blocks :])

    @staticmethod
    def backward(ctx: Any, *directions: Tensor | None) -> tuple[Tensor | None, ...]:
        if not ctx.simple:
            raise NotImplementedError("the encoder has no derivative of third order")
        x, *saved = ctx.saved_tensors
        weights, *vectors = _sections(directions[: 3 * ctx.blocks], 3)
        weights = [_total(given, torch.zeros_like(saved[k])) for k, given in enumerate(weights)]
        into, gains = ctx.counts
        found = EncodeCurvature.apply(ctx.stride, Count(into), x, *weights, *chain(*vectors), *saved)
        of_weights, of_gains, of_z, (*of_inputs, of_last) = _sections(found, 4)
        nothing = [None] * ctx.blocks
        return (
            *(None, None, None, *nothing[1:], of_last, *nothing),
            *(*of_weights, *(summed(value, gains) for value in of_gains), *of_inputs, None, *of_z),
            *nothing * (2 + pools(ctx.stride)),
        )


class EncodeCurvature(OverEpisodes):
    """The adjoint of EncodeGradient where that depends on one gradient only, the last output's.

    stride, the number of weights to find gradients of, x; directions in weights, gains, biases (the last two may be
    None: zero), weights, gains, outputs, z, means, r[, indices], gradients of gains, u and z -> gradients of weights;
    of gains, for every episode; of z; of the inputs of all blocks but the first, and of that last gradient.

    EncodeGradient maps the gradient g of a block's u to gain J g, sum(g h) and sum(g), where J = d h / d z is
    symmetric: J t = r (t - mean(t) - h mean(h t)). For directions dz, dgain, dbias, the sum over all positions of
    (gain J g) dz + (g h) dgain + g dbias has the gradients
        g      gain J dz + h dgain + dbias
        gain   sum(g J dz)
        z      dgain J g - r / positions * (sum(h dz) gain J g + sum(g h) gain J dz + sum(g J dz) gain h)
    """

    @staticmethod
    def forward(stride: int, into: Count, x: Tensor, *tensors: Any) -> tuple[Tensor, ...]:
        blocks: list[tuple[Tensor | None, ...]] = []
        dx = None
        for block in zip(*_sections(tensors, 12 + pools(stride)), strict=True):
            dweight, dgain, dbias, weight, gain, output, z, mean, inverse, *indices, of_gain, of_u, of_z = block
            dz = convolved(x, dweight, stride)
            from_dx, of_x = weight.new_zeros(into, *weight.shape[1:]), None
            if dx is not None:
                dz += convolved(dx, weight, stride)
                from_dx = weight_gradient(dx, of_z, stride, into)
                of_x = input_gradient(of_z, dweight, x, stride)
            du, g_jdz, through_norm = _norm_curvature(dz, dgain, dbias, z, gain, mean, inverse, of_gain, of_u, of_z)
            dx = where_positive(chosen(du, indices[0]) if pools(stride) else du, output)
            blocks.append((from_dx, g_jdz, through_norm, of_x))
            x = output
        *sections, (_, *of_inputs) = zip(*blocks, strict=True)
        return (*chain(*sections), *of_inputs, dx)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        """Nothing to keep: there is no third order."""

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> None:
        raise NotImplementedError("the encoder has no derivative of third order")


def _norm_curvature(
    dz: Tensor,
    dgain: Tensor | None,
    dbias: Tensor | None,
    z: Tensor,
    gain: Tensor,
    mean: Tensor,
    inverse: Tensor,
    of_gain: Tensor,
    of_u: Tensor,
    of_z: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of g, gain and z in EncodeCurvature's docstring; of_gain = sum(g h), of_u = g, of_z = gain J g."""
    jdz, h_dz, _ = norm_gradients(dz, z, None, mean, inverse)
    gain = repeated(gain, z.shape[EPISODES])
    h = (z - mean) * inverse
    g_jdz = (of_u * jdz).sum((0, 1, 2))
    scale = -inverse / (z.shape[0] * z.shape[1] * z.shape[2])
    through = (scale * h_dz) * of_z
    through.addcmul_(jdz, scale * gain * of_gain).addcmul_(h, scale * gain * g_jdz)
    du = gain * jdz
    if dgain is not None:
        through.addcmul_(norm_gradients(of_u, z, None, mean, inverse)[0], dgain)
        du.addcmul_(h, dgain)
    if dbias is not None:
        du += dbias
    return du, g_jdz, through


def _total(given: Tensor | None, own: Tensor) -> Tensor:
    """The sum, where None is zero."""
    return own if given is None else given + own


def _sections(tensors: Sequence[Any], count: int) -> list[list[Any]]:
    """Equal parts."""
    size = len(tensors) // count
    return [list(tensors[start : start + size]) for start in range(0, count * size, size)]
