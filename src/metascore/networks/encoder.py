"""The encoder of images: four convolutional blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.initialisation import filters
from metascore.networks.layers import moments, normalise
from metascore.networks.operations import Normalised, operations_on
from metascore.networks.tensors import Moments, Params

LAYERS = 4


@dataclass(frozen=True)
class ConvolutionalEncoder:
    """Vinyals et al.'s (2016) four blocks of 3 x 3 convolution, batch norm, ReLU, each halving the image.

    `downsample` is max_pool (Vinyals, Snell) or stride (Finn, Nichol: the convolution itself takes two steps).
    """

    width: int  # filters a layer
    downsample: str
    image: tuple[int, ...]  # height, width, channels

    @property
    def features(self) -> int:
        """Length of the embedding. Of 28 x 28 pixels strides leave 2 x 2, and pooling 1."""
        height, width, _ = self.image
        for _ in range(LAYERS):
            height, width = (halved(side, self.downsample) for side in (height, width))
        return self.width * height * width

    @property
    def names(self) -> list[str]:
        """Of its tensors, block by block."""
        parts = ("conv{}.weight", "norm{}.gain", "norm{}.bias")
        return [part.format(layer) for layer in range(1, LAYERS + 1) for part in parts]

    def initialise(self, generator: torch.Generator) -> Params:
        params: Params = {}
        channels = self.image[-1]
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

    def __call__(self, params: Params, x: Float[Tensor, "n height width channels"]) -> Float[Tensor, "n features"]:
        """Embed a batch, normalised by its own statistics."""
        return self.embed(params, x)[0]

    def embed(
        self, params: Params, x: Float[Tensor, "n height width channels"], given: Moments | None = None
    ) -> tuple[Float[Tensor, "n features"], Moments]:
        """Embed a batch with given statistics (or its own); also returns those that were used.

        Its own are constants here; `statistics` has them as functions of params.
        """
        own = operations_on(x.device).batch_norm

        def norm(z: Tensor, name: str) -> Normalised:
            gain, bias = params[f"{name}.gain"], params[f"{name}.bias"]
            if given is None:
                return own(z, gain, bias)
            mean, variance = given[f"{name}.mean"], given[f"{name}.variance"]
            return normalise(z, mean, variance, gain, bias), mean, variance

        return self._pass(params, x, norm)

    def statistics(self, params: Params, x: Float[Tensor, "n height width channels"]) -> Moments:
        """The statistics by which a batch is normalised, differentiable with respect to params."""

        def norm(z: Tensor, name: str) -> Normalised:
            mean, variance = moments(z)
            return normalise(z, mean, variance, params[f"{name}.gain"], params[f"{name}.bias"]), mean, variance

        return self._pass(params, x, norm)[1]

    def _pass(
        self, params: Params, x: Tensor, norm: Callable[[Tensor, str], Normalised]
    ) -> tuple[Float[Tensor, "n features"], Moments]:
        """Through all blocks; `norm` normalises the maps of a block, and says by which statistics."""
        operations, stride = operations_on(x.device), 2 if self.downsample == "stride" else 1
        used: Moments = {}
        for layer in range(1, LAYERS + 1):
            name = f"norm{layer}"
            u, used[f"{name}.mean"], used[f"{name}.variance"] = norm(
                operations.convolve(x, params[f"conv{layer}.weight"], stride), name
            )
            x = (operations.max_pool(u) if self.downsample == "max_pool" else u).relu()
        return x.flatten(1), used


def halved(side: int, downsample: str) -> int:
    """Pixels that a block leaves of a side: pooling drops an odd last one, strides keep it."""
    return side // 2 if downsample == "max_pool" else (side + 1) // 2
