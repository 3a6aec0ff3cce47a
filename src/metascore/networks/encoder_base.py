"""The contract of an encoder: a network that turns an input into a vector of features.

A kind of network is one file in this folder with one final subclass of `Encoder`. Its fields are the keys of `network`
in a recipe. A package of another project offers a kind by an entry point of the group `metascore.networks`.

Encoders are pure functions of named tensors. The trainer maps over episodes (torch.func.vmap) and differentiates twice:
a network has no control flow that depends on the values of tensors, and changes no input in place.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.networks.tensors import Moments, Params


@dataclass(frozen=True, kw_only=True)
class Encoder(abc.ABC):
    """An encoder for inputs of the shape `example`: (height, width, channels) of an image, or (numbers,)."""

    kind: ClassVar[str]  # what recipes call it: the name of its file, or of its entry point

    example: tuple[int, ...]

    @property
    @abc.abstractmethod
    def features(self) -> int:
        """The length of an embedding."""

    @abc.abstractmethod
    def initialise(self, generator: torch.Generator) -> Params:
        """The tensors before training, on the CPU."""

    def initial_moments(self) -> Moments:
        """Running statistics of batch norm before training, `NAME.mean` and `NAME.variance`; {} without batch norm."""
        return {}

    @abc.abstractmethod
    def embed(
        self, params: Params, x: Float[Tensor, "n ..."], given: Moments | None = None
    ) -> tuple[Float[Tensor, "n features"], Moments]:
        """Embed a batch; batch norm uses the statistics `given`, or those of the batch.

        Returns the features and the statistics that were used, as constants.
        """

    def statistics(self, params: Params, x: Float[Tensor, "n ..."]) -> Moments:
        """The batch's own statistics, differentiable with respect to params; {} without batch norm."""
        return {}

    def noise(self, generator: torch.Generator, images: int) -> Params:
        """Noise of one meta-step, for dropout and DropBlock, by names that begin with `noise.`.

        Its rows belong to the first, second, ... of at most `images` inputs of a batch; the episodes of a meta-batch
        share them. The trainer adds the noise to the params. Without it, as in evaluation, nothing is dropped.
        """
        return {}

    def __call__(self, params: Params, x: Float[Tensor, "n ..."]) -> Float[Tensor, "n features"]:
        """Embed a batch, normalised by its own statistics."""
        return self.embed(params, x)[0]
