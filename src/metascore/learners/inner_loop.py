"""Gradient descent inside an episode, and what a learned rule is shown of a gradient."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor
from torch.func import grad

from metascore.networks.tensors import Params


def descend(loss: Callable[[Params], Float[Tensor, ""]], weights: Params, rate: float, updates: int = 1) -> Params:
    """The weights w after so many updates w <- w - rate * grad loss(w), differentiable with respect to the first."""
    for _ in range(updates):
        gradient = grad(loss)(weights)
        weights = {name: value.sub(gradient[name], alpha=rate) for name, value in weights.items()}
    return weights


def preprocess(x: Float[Tensor, "*n"], p: float = 10.0) -> Float[Tensor, "*n 2"]:
    """Magnitude and sign, each within a few units of 0 (Andrychowicz et al. 2016, appendix A).

    (log|x| / p, sign(x)) where |x| is at least exp(-p), otherwise (-1, exp(p) x).
    """
    least = math.exp(-p)
    magnitude = x.abs().clamp(min=least).log() / p
    sign = (x / least).clamp(-1, 1)
    return torch.stack([magnitude, sign], -1)
