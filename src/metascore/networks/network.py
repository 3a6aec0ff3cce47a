"""An encoder with a linear head: the field's standard network for a problem."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.initialisation import linear_layer
from metascore.networks.layers import linear
from metascore.networks.perceptron import PerceptronEncoder
from metascore.networks.tensors import Params
from metascore.problems.base import Problem

CONSTANT = "head.constant"


@dataclass(frozen=True)
class Network:
    """An encoder with a linear head, and as many numbers more as outputs are the same for every input."""

    encoder: ConvolutionalEncoder | PerceptronEncoder
    outputs: int
    constant_outputs: int = 0  # the last of them

    @classmethod
    def of(cls, problem: Problem, width: int, downsample: str) -> Network:
        """The field's standard network for a problem; `downsample` concerns images only."""
        if problem.has_images:
            return cls(ConvolutionalEncoder(width, downsample, problem.example), problem.outputs)
        return cls(PerceptronEncoder(width, *problem.example), problem.outputs, problem.constant_outputs)

    def initialise(self, generator: torch.Generator) -> Params:
        params = self.encoder.initialise(generator)
        head = linear_layer(generator, "head", self.encoder.features, self.outputs - self.constant_outputs)
        constant = {CONSTANT: torch.zeros(self.constant_outputs)} if self.constant_outputs else {}
        return params | head | constant

    def __call__(self, params: Params, x: Tensor) -> Float[Tensor, "n outputs"]:
        return self.head(params, self.encoder(params, x))

    def head(self, params: Params, features: Float[Tensor, "n features"]) -> Float[Tensor, "n outputs"]:
        """Outputs for what has been embedded."""
        outputs = linear(params, features)
        if not self.constant_outputs:
            return outputs
        return torch.cat([outputs, params[CONSTANT].expand(len(outputs), -1)], -1)
