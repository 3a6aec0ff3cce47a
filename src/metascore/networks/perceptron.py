"""The encoder of numbers: a perceptron."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.initialisation import linear_layer
from metascore.networks.layers import linear
from metascore.networks.tensors import Params


@dataclass(frozen=True)
class PerceptronEncoder:
    """Two hidden layers of ReLU units (Finn et al. 2017, section 5.1: 40 each)."""

    width: int
    inputs: int = 1  # numbers

    @property
    def features(self) -> int:
        return self.width

    def initialise(self, generator: torch.Generator) -> Params:
        params: Params = {}
        for layer, inputs in ((1, self.inputs), (2, self.width)):
            params |= linear_layer(generator, f"hidden{layer}", inputs, self.width)
        return params

    def __call__(self, params: Params, x: Float[Tensor, "n inputs"]) -> Float[Tensor, "n features"]:
        for layer in (1, 2):
            x = linear(params, x, f"hidden{layer}").relu()
        return x
