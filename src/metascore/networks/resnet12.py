"""ResNet-12, the deep network of the few-shot literature.

Lee et al. 2019, "Meta-learning with differentiable convex optimization" (MetaOptNet), section 4.1; first in Oreshkin,
Rodriguez and Lacoste 2018 (TADAM) and Mishra et al. 2018 (SNAIL). Four residual blocks, each

    a = leaky(norm(conv3x3(x))),  b = leaky(norm(conv3x3(a))),  c = norm(conv3x3(b))
    y = drop(max_pool(leaky(c + norm(conv1x1(x)))))                leaky has the slope 0.1

and a mean over positions. MetaOptNet's blocks have 64, 160, 320 and 640 channels, TADAM's 64, 128, 256 and 512.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from metascore.networks import norms
from metascore.networks.dropblock import dropped
from metascore.networks.encoder_base import Encoder
from metascore.networks.initialisation import filters, uniform
from metascore.networks.operations import operations_on
from metascore.networks.tensors import Moments, Params

SLOPE = 0.1  # of leaky ReLU below zero
GROWTH = {"metaoptnet": (1.0, 2.5, 5.0, 10.0), "tadam": (1.0, 2.0, 4.0, 8.0)}  # channels of a block, in widths
CONVOLUTIONS = (1, 2, 3)  # of a block
DROPBLOCKS = (3, 4)  # blocks whose output DropBlock drops parts of, as in MetaOptNet's code
BLOCK_SIZE = 5  # pixels of a side that DropBlock drops, as in MetaOptNet's code


@dataclass(frozen=True, kw_only=True)
class ResNet12(Encoder):
    """Four residual blocks of three convolutions; each block halves the image."""

    kind: ClassVar[str] = "resnet12"

    width: int = 64  # channels of the first block
    growth: Literal["metaoptnet", "tadam"] = "metaoptnet"  # of the channels from block to block
    drop_rate: float = 0.0  # of DropBlock in the last two blocks, in training

    @property
    def channels(self) -> tuple[int, ...]:
        """Of the four blocks."""
        return tuple(int(self.width * factor) for factor in GROWTH[self.growth])

    @property
    def features(self) -> int:
        return self.channels[-1]

    def initialise(self, generator: torch.Generator) -> Params:
        params: Params = {}
        before = self.example[-1]
        for block, channels in enumerate(self.channels, 1):
            for layer in CONVOLUTIONS:
                params[f"conv{block}.{layer}.weight"] = filters(generator, before if layer == 1 else channels, channels)
            params[f"conv{block}.shortcut.weight"] = uniform(generator, before, channels)
            before = channels
        return params | norms.initial_parameters(self._norms())

    def initial_moments(self) -> Moments:
        return norms.initial_moments(self._norms())

    def noise(self, generator: torch.Generator, images: int) -> Params:
        if not self.drop_rate:
            return {}
        shapes = {block: (images, *self._size(block), self.channels[block - 1]) for block in DROPBLOCKS}
        return {f"noise.block{block}": torch.rand(shape, generator=generator) for block, shape in shapes.items()}

    def embed(
        self, params: Params, x: Float[Tensor, "n height width channels"], given: Moments | None = None
    ) -> tuple[Float[Tensor, "n features"], Moments]:
        norm = norms.own_or_given(params, x.device, given)
        return self._pass(params, x, norm), norm.moments

    def statistics(self, params: Params, x: Float[Tensor, "n height width channels"]) -> Moments:
        norm = norms.differentiable(params)
        self._pass(params, x, norm)
        return norm.moments

    def _pass(self, params: Params, x: Tensor, norm: norms.Used) -> Float[Tensor, "n features"]:
        for block in range(1, len(self.channels) + 1):
            x = self._block(params, x, block, norm)
        return x.mean((1, 2))

    def _block(self, params: Params, x: Tensor, block: int, norm: norms.Used) -> Tensor:
        operations, z = operations_on(x.device), x
        for layer in CONVOLUTIONS:
            z = norm(operations.convolve(z, params[f"conv{block}.{layer}.weight"], 1), f"norm{block}.{layer}")
            z = z if layer == CONVOLUTIONS[-1] else functional.leaky_relu(z, SLOPE)
        shortcut = norm(x @ params[f"conv{block}.shortcut.weight"], f"norm{block}.shortcut")
        y = operations.max_pool(functional.leaky_relu(z + shortcut, SLOPE))
        noise = params.get(f"noise.block{block}")
        return y if noise is None else dropped(y, noise, self.drop_rate, BLOCK_SIZE)

    def _norms(self) -> Iterator[tuple[str, int]]:
        """The names of all batch norms, each with its channels."""
        for block, channels in enumerate(self.channels, 1):
            for layer in (*CONVOLUTIONS, "shortcut"):
                yield f"norm{block}.{layer}", channels

    def _size(self, block: int) -> tuple[int, int]:
        """Height and width of a block's output."""
        height, width, _ = self.example
        return height >> block, width >> block
