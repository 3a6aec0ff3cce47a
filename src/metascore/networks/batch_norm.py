"""Batch norm by own statistics for several episodes at once, differentiable twice.

    h = (z - mean) r,  r = 1 / sqrt(variance + epsilon),  u = gain h + bias

J = d h / d z is symmetric: J t = r (t - mean(t) - h mean(h t)).
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks import kernels
from metascore.networks.kernels import EPISODES, NORM_EPSILON
from metascore.networks.over_episodes import OverEpisodes


def batch_norm(
    z: Float[Tensor, "n h w c"], gain: Float[Tensor, c], bias: Float[Tensor, c]
) -> tuple[Float[Tensor, "n h w c"], Float[Tensor, c], Float[Tensor, c]]:
    """The batch, normalised; its mean and variance, as constants."""
    u, mean, inverse = Normalised.apply(z.unsqueeze(EPISODES), gain.unsqueeze(0), bias.unsqueeze(0))
    return u.squeeze(EPISODES), mean.squeeze(0), inverse.squeeze(0).pow(-2) - NORM_EPSILON


class Normalised(OverEpisodes):
    """z, gains, biases -> u; as constants mean and r."""

    @staticmethod
    def forward(z: Tensor, gain: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return kernels.normalised(z, gain, bias)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        z, gain, bias = inputs
        ctx.counts = len(gain), len(bias)
        ctx.mark_non_differentiable(*output[1:])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(z, gain, *output[1:])

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, *_: None) -> tuple[Tensor, ...]:
        of_z, *vectors = NormGradient.apply(gradient, *ctx.saved_tensors)
        return of_z, *(kernels.summed(value, count) for value, count in zip(vectors, ctx.counts, strict=True))


class NormGradient(OverEpisodes):
    """The gradient g of u, z, gains, mean, r -> gain J g, the gradient of z; for every episode sum(g h) and sum(g)."""

    @staticmethod
    def forward(g: Tensor, z: Tensor, gain: Tensor, mean: Tensor, inverse: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return kernels.norm_gradients(g, z, gain, mean, inverse)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        ctx.count = len(inputs[2])
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*inputs, *output[:2])

    @staticmethod
    def backward(ctx: Any, dz: Tensor | None, *others: Tensor | None) -> tuple[Tensor | None, ...]:
        g, *_ = ctx.saved_tensors
        dz = torch.zeros_like(g) if dz is None else dz
        of_g, of_z, of_gain = NormCurvature.apply(dz, *others, *ctx.saved_tensors)
        return of_g, of_z, kernels.summed(of_gain, ctx.count), None, None


class NormCurvature(OverEpisodes):
    """The adjoint of NormGradient.

    For directions dz, dgain, dbias (the last two may be None: zero), the sum over all positions of
    (gain J g) dz + (g h) dgain + g dbias has the gradients
        g      gain J dz + h dgain + dbias
        z      dgain J g - r / positions * (sum(h dz) gain J g + sum(g h) gain J dz + sum(g J dz) gain h)
        gain   sum(g J dz), for every episode
    """

    @staticmethod
    def forward(
        dz: Tensor,
        dgain: Tensor | None,
        dbias: Tensor | None,
        g: Tensor,
        z: Tensor,
        gain: Tensor,
        mean: Tensor,
        inverse: Tensor,
        gain_j_g: Tensor,
        g_h: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        j_dz, h_dz, _ = kernels.norm_gradients(dz, z, None, mean, inverse)
        gain = kernels.repeated(gain, z.shape[EPISODES])
        h = (z - mean) * inverse
        g_j_dz = (g * j_dz).sum((0, 1, 2))
        scale = -inverse / (z.shape[0] * z.shape[1] * z.shape[2])
        of_z = (scale * h_dz) * gain_j_g
        of_z.addcmul_(j_dz, scale * gain * g_h).addcmul_(h, scale * gain * g_j_dz)
        of_g = gain * j_dz
        if dgain is not None:
            of_z.addcmul_(kernels.norm_gradients(g, z, None, mean, inverse)[0], dgain)
            of_g.addcmul_(h, dgain)
        if dbias is not None:
            of_g += dbias
        return of_g, of_z, g_j_dz

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: tuple) -> None:
        """Nothing to keep: there is no third order."""

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> None:
        raise NotImplementedError("batch norm has no derivative of third order")
