"""Gradient descent inside an episode, as a pure function of the weights."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float
from torch import Tensor
from torch.func import grad

from metascore.networks import Params


def descend(loss: Callable[[Params], Float[Tensor, ""]], weights: Params, rate: float, updates: int = 1) -> Params:
    """The weights w after so many updates w <- w - rate * grad loss(w), differentiable with respect to the first."""
    for _ in range(updates):
        gradient = grad(loss)(weights)
        weights = {name: value - rate * gradient[name] for name, value in weights.items()}
    return weights
