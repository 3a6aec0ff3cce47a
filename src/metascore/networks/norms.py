"""Batch norm by name: which statistics normalise a layer, and which were used."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from metascore.networks.layers import moments, normalise
from metascore.networks.operations import Normalised, operations_on
from metascore.networks.tensors import Moments, Params

Norm = Callable[[Tensor, str], Normalised]  # maps and the layer's name -> maps, mean, variance


class Used:
    """Normalises layer after layer and collects the statistics that were used."""

    def __init__(self, norm: Norm) -> None:
        self.norm, self.moments = norm, Moments()

    def __call__(self, z: Tensor, name: str) -> Tensor:
        u, self.moments[f"{name}.mean"], self.moments[f"{name}.variance"] = self.norm(z, name)
        return u


def own_or_given(params: Params, device: torch.device, given: Moments | None) -> Used:
    """By the batch's own statistics, returned as constants, or by the statistics `given`."""
    own = operations_on(device).batch_norm

    def norm(z: Tensor, name: str) -> Normalised:
        gain, bias = params[f"{name}.gain"], params[f"{name}.bias"]
        if given is None:
            return own(z, gain, bias)
        mean, variance = given[f"{name}.mean"], given[f"{name}.variance"]
        return normalise(z, mean, variance, gain, bias), mean, variance

    return Used(norm)


def differentiable(params: Params) -> Used:
    """By the batch's own statistics, which are returned as functions of params."""

    def norm(z: Tensor, name: str) -> Normalised:
        mean, variance = moments(z)
        return normalise(z, mean, variance, params[f"{name}.gain"], params[f"{name}.bias"]), mean, variance

    return Used(norm)


def initial_parameters(layers: Iterable[tuple[str, int]]) -> Params:
    """Gains 1 and biases 0 of these layers (name, channels)."""
    params: Params = {}
    for name, channels in layers:
        params |= {f"{name}.gain": torch.ones(channels), f"{name}.bias": torch.zeros(channels)}
    return params


def initial_moments(layers: Iterable[tuple[str, int]]) -> Moments:
    """Means 0 and variances 1 of these layers (name, channels)."""
    found: Moments = {}
    for name, channels in layers:
        found |= {f"{name}.mean": torch.zeros(channels), f"{name}.variance": torch.ones(channels)}
    return found
