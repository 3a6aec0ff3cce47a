"""Gradient descent inside an episode, and the preprocessing of gradients for learned update rules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad

from metascore.networks.tensors import Params


def descend(
    loss: Callable[[Params, int], Float[Tensor, ""]], weights: Params, rate: float, updates: Iterable[int]
) -> Params:
    """The weights after w <- w - rate * grad loss(w, k) for each update k; differentiable with respect to `weights`."""
    for update in updates:
        gradient = grad(loss)(weights, update)
        weights = {name: value.sub(gradient[name], alpha=rate) for name, value in weights.items()}
    return weights


def updates_of(step: int, count: int) -> range:
    """The numbers of the updates in an adaptation step of `count` updates."""
    return range(step * count, (step + 1) * count)


def knowing(function: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[Tensor], Tensor]:
    """The function with its value at x computed once and reused."""
    known = function(x)
    return lambda other: known if other is x else function(other)


def preprocess(x: Float[Tensor, "*n"], p: float = 10.0) -> Float[Tensor, "*n 2"]:
    """Magnitude and sign, each within a few units of 0 (Andrychowicz et al. 2016, appendix A).

    (log|x| / p, sign(x)) where |x| is at least exp(-p), otherwise (-1, exp(p) x).
    """
    least = math.exp(-p)
    magnitude = x.abs().clamp(min=least).log() / p
    sign = (x / least).clamp(-1, 1)
    return torch.stack([magnitude, sign], -1)
