"""Examples, episodes and predictors."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    Predictor = Callable[[Tensor], Tensor]  # from inputs (n, *example) to outputs (n, outputs)
    View = Callable[[Sequence[Predictor], "Episode"], Tensor]  # a tensor computed from predictors on an episode
    Look = Callable[[View, int | None], np.ndarray]


class Examples(NamedTuple):
    """Inputs and targets. Examples of classes come shot by shot: the first `way` of them are one of each class."""

    x: Tensor  # (n, *example)
    y: Tensor  # (n,) classes 0..way-1, or (n, outputs) real numbers
    class_id: Tensor  # (n,) index of the class among all classes of the data; zeros where there is none


class Episode(NamedTuple):
    """One N-way K-shot Q-query draw: a support set to adapt to, a query set to evaluate on."""

    support: Examples
    query: Examples


class Episodes(abc.ABC):
    """The episodes of one file."""

    @abc.abstractmethod
    def __len__(self) -> int: ...

    @abc.abstractmethod
    def batch(self, index: np.ndarray) -> Episode:
        """The episodes of these rows, every tensor with a leading episode axis."""
