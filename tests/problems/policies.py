"""A Gaussian policy whose mean is a small perceptron, and what the tests of policies share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from metascore.problems.policy_gradient import Policy

Params = dict[str, Tensor]


def perceptron(seed: int = 0, width: int = 16) -> Params:
    """Parameters of a policy with one hidden layer."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {"first": (2, width), "shift": (width,), "second": (width, 2), "bias": (2,), "log_deviation": (2,)}
    return {name: 0.3 * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def policy(params: Params) -> Policy:
    """States to means and logarithms of deviations."""

    def outputs(x: Tensor) -> Tensor:
        mean = (x @ params["first"] + params["shift"]).relu() @ params["second"] + params["bias"]
        return torch.cat([mean, params["log_deviation"].expand_as(mean)], -1)

    return outputs
