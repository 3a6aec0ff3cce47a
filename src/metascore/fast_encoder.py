"""The fast path of the convolutional encoder: a whole pass, for all episodes of a chunk, in few library calls.

`encode` is written for one episode. torch.func.vmap turns the episodes of a chunk into groups of channels: maps lie in
memory as (n, h, w, episode, channel), so that a convolution in which every episode has weights of its own is one
grouped convolution, and a batch norm in which every episode has statistics of its own is one batch norm over more
channels. The derivatives of first and second order are written out in the same calls. A pass is one autograd.Function,
and so are its derivatives, because functorch spends half a millisecond on each, whatever it computes.

Every block computes relu(pool(gain h + bias)) of z = convolution(x, weight), where h = (z - mean) r and
r = 1 / sqrt(variance + epsilon). Without pooling the convolution takes two steps at a time.

Tensors come in three shapes, where e counts episodes: maps (n, h, w, e, c), weights (e, d, 9c), vectors (e, c).
Functions take and return them in sections of one tensor a block.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from metascore.convolution import Patches

NORM_EPSILON = 1e-3  # Finn et al.'s code; keeps second derivatives tame
MAP_DIMS, EPISODES = 5, 3  # of maps: the number of axes, and which one counts episodes
FEW_POSITIONS = 128  # up to which a weight gradient is faster as a matrix product over patches
MANY_IMAGES = 16  # from which it is faster episode by episode than as one grouped convolution

Tensors = Sequence[Tensor]
Optionals = Sequence[Tensor | None]


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


class OverEpisodes(torch.autograd.Function):
    """A function of several episodes, which vmap may multiply: its axis joins theirs."""

    @classmethod
    def vmap(cls, info: Any, in_dims: tuple, *inputs: Any) -> tuple[tuple, tuple]:
        size = info.batch_size
        outputs = cls.apply(*(_merged(value, dim, size) for value, dim in zip(inputs, in_dims, strict=True)))
        return tuple(value.unflatten(_axis(value), (size, -1)) for value in outputs), tuple(map(_axis, outputs))


class Encode(OverEpisodes):
    """stride, x; weights, gains, biases -> outputs, z; as constants means, r and, with pooling, indices."""

    @staticmethod
    def forward(stride: int, x: Tensor, *parameters: Tensor) -> tuple[Tensor, ...]:
        blocks = []
        for weight, gain, bias in zip(*_sections(parameters, 3), strict=True):
            z = _convolved(x, weight, stride)
            u, mean, inverse = _normalised(z, gain, bias)
            x, *indices = _pooled(u) if pools(stride) else (u,)
            x = x.relu_()
            blocks.append((x, z, mean, inverse, *indices))
        return tuple(chain(*zip(*blocks, strict=True)))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.stride, x, *parameters = inputs
        weights, gains, _ = _sections(parameters, 3)
        ctx.blocks = len(weights)
        ctx.mark_non_differentiable(*output[2 * ctx.blocks :])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, *weights, *gains, *output)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        if ctx.needs_input_grad[1]:
            raise NotImplementedError("the encoder has no gradient with respect to images")
        x, *saved = ctx.saved_tensors
        found = EncodeGradient.apply(ctx.stride, x, *gradients[: 2 * ctx.blocks], *saved)
        return None, None, *found[: 3 * ctx.blocks]


class EncodeGradient(OverEpisodes):
    """The adjoint of Encode with respect to its parameters.

    stride, x; gradients of outputs and of z (None: zero), weights, gains, outputs, z, means, r[, indices]
    -> gradients of weights, gains, biases; as constants those of u = gain h + bias and all of z.
    """

    @staticmethod
    def forward(stride: int, x: Tensor, *tensors: Any) -> tuple[Tensor, ...]:
        of_outputs, of_z, weights, gains, outputs, zs, means, inverses, *indices = _sections(tensors, 8 + pools(stride))
        inputs = [x, *outputs[:-1]]
        blocks, passed = [], torch.zeros_like(outputs[-1])
        for k in reversed(range(len(weights))):
            gradient = _where_positive(_total(of_outputs[k], passed), outputs[k])
            of_u = _unpooled(gradient, zs[k], indices[0][k]) if pools(stride) else gradient
            through, of_gain, of_bias = _norm_gradients(of_u, zs[k], gains[k], means[k], inverses[k])
            total = _total(of_z[k], through)
            of_weight = _weight_gradient(inputs[k], total, stride)
            if k:
                passed = _input_gradient(total, weights[k], inputs[k], stride)
            blocks.append((of_weight, of_gain, of_bias, of_u, total))
        return tuple(chain(*zip(*reversed(blocks), strict=True)))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.stride, x, *tensors = inputs
        of_outputs, of_z, *saved = _sections(tensors, 8 + pools(ctx.stride))
        ctx.blocks = len(of_z)
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
        found = EncodeCurvature.apply(ctx.stride, x, *weights, *chain(*vectors), *saved)
        of_weights, of_gains, of_z, (*of_inputs, of_last) = _sections(found, 4)
        nothing = [None] * ctx.blocks
        return (
            *(None, None, *nothing[1:], of_last, *nothing),
            *(*of_weights, *of_gains, *of_inputs, None, *of_z),
            *nothing * (2 + pools(ctx.stride)),
        )


class EncodeCurvature(OverEpisodes):
    """The adjoint of EncodeGradient where that depends on one gradient only, the last output's.

    stride, x; directions in weights, gains, biases (the last two may be None: zero), weights, gains, outputs, z, means,
    r[, indices], gradients of gains, u and z -> gradients of weights, gains, z; of the inputs of all blocks but the
    first, and of that last gradient.

    EncodeGradient maps the gradient g of a block's u to gain J g, sum(g h) and sum(g), where J = d h / d z is
    symmetric: J t = r (t - mean(t) - h mean(h t)). For directions dz, dgain, dbias, the sum over all positions of
    (gain J g) dz + (g h) dgain + g dbias has the gradients
        g      gain J dz + h dgain + dbias
        gain   sum(g J dz)
        z      dgain J g - r / positions * (sum(h dz) gain J g + sum(g h) gain J dz + sum(g J dz) gain h)
    """

    @staticmethod
    def forward(stride: int, x: Tensor, *tensors: Any) -> tuple[Tensor, ...]:
        blocks: list[tuple[Tensor | None, ...]] = []
        dx = None
        for block in zip(*_sections(tensors, 12 + pools(stride)), strict=True):
            dweight, dgain, dbias, weight, gain, output, z, mean, inverse, *indices, of_gain, of_u, of_z = block
            dz = _convolved(x, dweight, stride)
            from_dx, of_x = torch.zeros_like(weight), None
            if dx is not None:
                dz += _convolved(dx, weight, stride)
                from_dx = _weight_gradient(dx, of_z, stride)
                of_x = _input_gradient(of_z, dweight, x, stride)
            du, g_jdz, through_norm = _norm_curvature(dz, dgain, dbias, z, gain, mean, inverse, of_gain, of_u, of_z)
            dx = _where_positive(_chosen(du, indices[0]) if pools(stride) else du, output)
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
    jdz, h_dz, _ = _norm_gradients(dz, z, None, mean, inverse)
    h = (z - mean) * inverse
    g_jdz = (of_u * jdz).sum((0, 1, 2))
    scale = -inverse / (z.shape[0] * z.shape[1] * z.shape[2])
    through = (scale * h_dz) * of_z
    through.addcmul_(jdz, scale * gain * of_gain).addcmul_(h, scale * gain * g_jdz)
    du = gain * jdz
    if dgain is not None:
        through.addcmul_(_norm_gradients(of_u, z, None, mean, inverse)[0], dgain)
        du.addcmul_(h, dgain)
    if dbias is not None:
        du += dbias
    return du, g_jdz, through


def _convolved(x: Tensor, weight: Tensor, stride: int) -> Tensor:
    return _maps(functional.conv2d(_planes(x), _filters(weight), None, stride, 1, groups=len(weight)), len(weight))


def _input_gradient(gradient: Tensor, weight: Tensor, x: Tensor, stride: int) -> Tensor:
    """The adjoint of _convolved with respect to x, of which only the shape matters."""
    return _maps(_convolution_gradients(gradient, x, weight, stride, (True, False))[0], len(weight))


def _weight_gradient(x: Tensor, gradient: Tensor, stride: int) -> Tensor:
    """The adjoint of _convolved with respect to the weights, in the way that is fastest for the shape."""
    positions = gradient.shape[0] * gradient.shape[1] * gradient.shape[2]
    if x.shape[-1] > 1 and positions <= FEW_POSITIONS:
        patches = Patches.forward(x.movedim(EPISODES, 0), stride)
        return torch.bmm(gradient.flatten(0, 2).permute(1, 2, 0), patches.flatten(1, 3))
    if x.shape[-1] > 1 and len(x) >= MANY_IMAGES:
        episodes = [value.split(1, EPISODES) for value in (x, gradient)]
        return torch.cat(
            [_grouped_weight_gradient(a.contiguous(), b.contiguous(), stride) for a, b in zip(*episodes, strict=True)]
        )
    return _grouped_weight_gradient(x, gradient, stride)


def _grouped_weight_gradient(x: Tensor, gradient: Tensor, stride: int) -> Tensor:
    shape = (x.shape[EPISODES], gradient.shape[-1], 9 * x.shape[-1])
    found = _convolution_gradients(gradient, x, x.new_empty(shape), stride, (False, True))[1]
    return found.permute(0, 2, 3, 1).reshape(shape)


def _convolution_gradients(gradient: Tensor, x: Tensor, weight: Tensor, stride: int, wanted: tuple[bool, bool]) -> Any:
    one, two = [1, 1], [stride, stride]
    return torch.ops.aten.convolution_backward(
        _planes(gradient),
        _planes(x),
        _filters(weight),
        None,
        two,
        one,
        one,
        False,
        [0, 0],
        len(weight),
        [*wanted, False],
    )


def _normalised(z: Tensor, gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gain h + bias, the mean and r."""
    u, mean, inverse = torch.native_batch_norm(
        _planes(z), gain.flatten(), bias.flatten(), None, None, True, 0.0, NORM_EPSILON
    )
    return _maps(u, len(gain)), mean.view_as(gain), inverse.view_as(gain)


def _norm_gradients(
    gradient: Tensor, z: Tensor, gain: Tensor | None, mean: Tensor, inverse: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Gain J gradient (gain is 1 where None), sum(gradient h) and sum(gradient)."""
    of_z, of_gain, of_bias = torch.ops.aten.native_batch_norm_backward(
        _planes(gradient),
        _planes(z),
        None if gain is None else gain.flatten(),
        None,
        None,
        mean.flatten(),
        inverse.flatten(),
        True,
        NORM_EPSILON,
        [True, True, True],
    )
    return _maps(of_z, len(mean)), of_gain.view_as(mean), of_bias.view_as(mean)


def _where_positive(gradient: Tensor, output: Tensor) -> Tensor:
    return torch.ops.aten.threshold_backward(gradient, output, 0)


def _pooled(u: Tensor) -> tuple[Tensor, Tensor]:
    """Maxima over 2 x 2 positions, and where in a plane they were."""
    values, indices = functional.max_pool2d(_planes(u), 2, return_indices=True)
    return _maps(values, u.shape[EPISODES]), _maps(indices, u.shape[EPISODES])


def _unpooled(gradient: Tensor, u: Tensor, indices: Tensor) -> Tensor:
    """The adjoint of _pooled, for maps of u's shape."""
    two, none, one = [2, 2], [0, 0], [1, 1]
    found = torch.ops.aten.max_pool2d_with_indices_backward(
        _planes(gradient), _planes(u), two, two, none, one, False, _planes(indices)
    )
    return _maps(found, u.shape[EPISODES])


def _chosen(u: Tensor, indices: Tensor) -> Tensor:
    """The values of u where _pooled found its maxima."""
    planes = _planes(indices)
    return _maps(_planes(u).flatten(2).gather(2, planes.flatten(2)).view_as(planes), u.shape[EPISODES])


def _total(given: Tensor | None, own: Tensor) -> Tensor:
    """The sum, where None is zero."""
    return own if given is None else given + own


def _sections(tensors: Sequence[Any], count: int) -> list[list[Any]]:
    """Equal parts."""
    size = len(tensors) // count
    return [list(tensors[start : start + size]) for start in range(0, count * size, size)]


def _planes(maps: Tensor) -> Tensor:
    """(n, h, w, e, c) as PyTorch's (n, e c, h, w), in channels_last."""
    return maps.flatten(EPISODES).permute(0, 3, 1, 2)


def _maps(planes: Tensor, episodes: int) -> Tensor:
    """The inverse of _planes."""
    return planes.permute(0, 2, 3, 1).unflatten(EPISODES, (episodes, -1))


def _filters(weight: Tensor) -> Tensor:
    """(e, d, 9c) as PyTorch's (e d, c, 3, 3), in channels_last."""
    return weight.reshape(-1, 3, 3, weight.shape[-1] // 9).permute(0, 3, 1, 2)


def _axis(value: Tensor) -> int:
    """Which axis of a tensor counts episodes."""
    return EPISODES if value.dim() == MAP_DIMS else 0


def _merged(value: Any, dim: int | None, size: int) -> Any:
    """A tensor of so many times the episodes: vmap's axis `dim` joins theirs. A tensor without one is repeated."""
    if not isinstance(value, Tensor):
        return value
    value = value.unsqueeze(0).expand(size, *value.shape) if dim is None else value.movedim(dim, 0)
    axis = EPISODES if value.dim() == MAP_DIMS + 1 else 0
    return value.movedim(0, axis).flatten(axis, axis + 1).contiguous()
