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


@dataclass(frozen=True)
class Network:
    """An encoder with a linear head of `outputs` units."""

    encoder: ConvolutionalEncoder | PerceptronEncoder
    outputs: int

    @classmethod
    def of(cls, problem: Problem, width: int, downsample: str) -> Network:
        """The field's standard network for a problem; `downsample` concerns images only."""
        if problem.has_images:
            return cls(ConvolutionalEncoder(width, downsample), problem.outputs)
        return cls(PerceptronEncoder(width, *problem.example), problem.outputs)

    def initialise(self, generator: torch.Generator) -> Params:
        params = self.encoder.initialise(generator)
        return params | linear_layer(generator, "head", self.encoder.features, self.outputs)

    def __call__(self, params: Params, x: Tensor) -> Float[Tensor, "n outputs"]:
        return linear(params, self.encoder(params, x))
