"""The encoder of images: four convolutional blocks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.fast_encoder import encode
from metascore.networks.initialisation import filters
from metascore.networks.layers import max_pool, moments, normalise
from metascore.networks.patches import convolve
from metascore.networks.tensors import Moments, Params

LAYERS = 4
IMAGE_SIZE = 28


@dataclass(frozen=True)
class ConvolutionalEncoder:
    """Vinyals et al.'s (2016) four blocks of 3 x 3 convolution, batch norm, ReLU, each halving the image.

    `downsample` is max_pool (Vinyals, Snell) or stride (Finn, Nichol: the convolution itself takes two steps).
    """

    width: int  # filters a layer
    downsample: str

    @property
    def features(self) -> int:
        """Length of the embedding: 2 x 2 pixels are left by strides, 1 by pooling."""
        return self.width * (4 if self.downsample == "stride" else 1)

    def initialise(self, generator: torch.Generator) -> Params:
        params: Params = {}
        channels = 1
        for layer in range(1, LAYERS + 1):
            params[f"conv{layer}.weight"] = filters(generator, channels, self.width)
            params[f"norm{layer}.gain"] = torch.ones(self.width)
            params[f"norm{layer}.bias"] = torch.zeros(self.width)
            channels = self.width
        return params

    def initial_moments(self) -> Moments:
        """Means 0 and variances 1, for learners that keep running statistics."""
        layers = range(1, LAYERS + 1)
        zeros = {f"norm{layer}.mean": torch.zeros(self.width) for layer in layers}
        return zeros | {f"norm{layer}.variance": torch.ones(self.width) for layer in layers}

    def __call__(self, params: Params, x: Float[Tensor, "n 28 28 1"]) -> Float[Tensor, "n features"]:
        """Embed a batch, normalised by its own statistics."""
        return self.embed(params, x)[0]

    def embed(
        self, params: Params, x: Float[Tensor, "n 28 28 1"], given: Moments | None = None
    ) -> tuple[Float[Tensor, "n features"], Moments]:
        """Embed a batch with given statistics (or its own); also returns those that were used, as constants."""
        if given is not None or x.device.type != "cpu":
            return self._block_by_block(params, x, given)
        parts = ("conv{}.weight", "norm{}.gain", "norm{}.bias")
        weights, gains, biases = ([params[part.format(layer)] for layer in range(1, LAYERS + 1)] for part in parts)
        maps, means, variances = encode(x, weights, gains, biases, self._stride)
        used = {f"norm{layer}.mean": value for layer, value in enumerate(means, 1)}
        return maps.flatten(1), used | {f"norm{layer}.variance": value for layer, value in enumerate(variances, 1)}

    def statistics(self, params: Params, x: Float[Tensor, "n 28 28 1"]) -> Moments:
        """The statistics by which a batch is normalised, differentiable with respect to params."""
        return self._block_by_block(params, x, None)[1]

    @property
    def _stride(self) -> int:
        return 2 if self.downsample == "stride" else 1

    def _block_by_block(self, params: Params, x: Tensor, given: Moments | None) -> tuple[Tensor, Moments]:
        used: Moments = {}
        for layer in range(1, LAYERS + 1):
            name = f"norm{layer}"
            x = convolve(x, params[f"conv{layer}.weight"], self._stride)
            mean, variance = moments(x) if given is None else (given[f"{name}.mean"], given[f"{name}.variance"])
            used |= {f"{name}.mean": mean, f"{name}.variance": variance}
            x = normalise(x, mean, variance, params, name).relu()
            x = max_pool(x) if self.downsample == "max_pool" else x
        return x.flatten(1), used
