"""Problems: what an episode holds, how a prediction is penalised and how it is scored.

Everything below is written for one episode; the trainer batches over episodes (torch.func.vmap).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional

from metascore.data.episodes import SINE_AMPLITUDE, Shape

KINDS = {"omniglot": "classification", "sine": "regression"}


class Examples(NamedTuple):
    """Inputs and targets. Examples come shot by shot: the first `way` of them are one of each class."""

    x: Tensor  # (n, 28, 28, 1) with ink = 1, or (n, 1)
    y: Tensor  # (n,) classes 0..way-1, or (n, 1) real numbers
    character: Tensor  # (n,) index of the character among all of Omniglot; zeros where there is none


class Episode(NamedTuple):
    """One N-way K-shot Q-query draw: a support set to adapt on, a query set to judge."""

    support: Examples
    query: Examples


@dataclass(frozen=True)
class Problem:
    """The facts of a problem that a learner's constructor may use; they never change within a run."""

    kind: str  # classification or regression
    way: int  # outputs of a predictor: classes, or 1 for regression
    shot: int
    query: int
    characters: int  # how many characters `Examples.character` may name

    @classmethod
    def of(cls, shape: Shape, characters: int) -> Problem:
        """The problem whose episodes have this shape, over a data set of so many characters."""
        return cls(KINDS[shape.problem], shape.way, shape.shot, shape.query, characters)

    def loss(self, outputs: Float[Tensor, "n way"], y: Tensor) -> Float[Tensor, ""]:
        """Mean over examples of the cross-entropy of logits, or of the squared error."""
        if self.kind == "regression":
            return (outputs - y).square().mean()
        return cross_entropy(outputs, y).mean()

    def score(self, outputs: Float[Tensor, "n way"], y: Tensor) -> Float[Tensor, ""]:
        """Accuracy in [0, 1], or mean squared error. Equal logits share the credit, so that no order wins.

        Logits that are not finite score nan: they are no prediction.
        """
        if self.kind == "regression":
            return (outputs - y).square().mean()
        best = outputs == outputs.amax(1, keepdim=True)
        credit = best.gather(1, y[:, None]).squeeze(1) / best.sum(1)
        return torch.where(outputs.isfinite().all(), credit.mean(), torch.nan)

    def better(self, score: float, than: float) -> bool:
        """Whether a score is better than another; one that is not finite never is."""
        if not np.isfinite(score):
            return False
        return not np.isfinite(than) or (score < than if self.kind == "regression" else score > than)


class OmniglotEpisodes:
    """Episodes gathered from one uint8 array of all images; `rows` are those of an episode file."""

    chunk_size: ClassVar[int] = 16  # how many to map over at once, where a recipe doesn't say

    def __init__(self, rows: np.ndarray, shot: int, images: UInt8[Tensor, "characters drawers 28 28"]) -> None:
        self.rows, self.shot, self.images = rows, shot, images

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index: np.ndarray) -> Episode:
        """The episodes of these rows, every tensor with a leading episode axis."""
        rows = self.rows[index]
        character = _tensor(rows["character"], self.images.device)[..., None]
        rotation = _tensor(rows["rotation"], self.images.device)[..., None]
        drawer = _tensor(rows["drawer"], self.images.device)
        images = _rotated(self.images[character, drawer], rotation.expand_as(drawer))
        support, query = slice(0, self.shot), slice(self.shot, None)
        return Episode(_examples(images[:, :, support], character), _examples(images[:, :, query], character))


class SineEpisodes:
    """Episodes of sine waves y = amplitude * sin(x - phase)."""

    chunk_size: ClassVar[int] = 250

    def __init__(self, rows: np.ndarray, shot: int, device: torch.device) -> None:
        self.rows, self.shot, self.device = rows, shot, device

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index: np.ndarray) -> Episode:
        """The episodes of these rows, every tensor with a leading episode axis."""
        rows = self.rows[index]
        y = rows["amplitude"][:, None] * np.sin(rows["x"] - rows["phase"][:, None])
        x, y = (torch.from_numpy(v.copy()).to(self.device)[..., None] for v in (rows["x"], y))
        none = torch.zeros(x.shape[:2], dtype=torch.int64, device=self.device)
        k = self.shot
        return Episode(Examples(x[:, :k], y[:, :k], none[:, :k]), Examples(x[:, k:], y[:, k:], none[:, k:]))


Episodes = OmniglotEpisodes | SineEpisodes


def cross_entropy(logits: Float[Tensor, "n classes"], y: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
    """Of each example. PyTorch's own, mapped over episodes, goes through a decomposition that imports sympy."""
    return -functional.log_softmax(logits, 1).gather(1, y[:, None]).squeeze(1)


def mean_sine(x: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
    """The mean of all waves, A uniform on [a, b] and phase on [0, pi] (Finn et al. 2017, section 5.1).

    E[A sin(x - phase)] = E[A] (1/pi) integral_0^pi sin(x - phase) dphase = -(a + b)/2 * (2/pi) cos(x)
    """
    return -(sum(SINE_AMPLITUDE) / 2) * (2 / math.pi) * torch.cos(x)


def _tensor(values: np.ndarray, device: torch.device) -> Int[Tensor, ...]:
    return torch.from_numpy(values.astype(np.int64)).to(device)


def _rotated(images: UInt8[Tensor, "*n 28 28"], turns: Int[Tensor, "*n"]) -> UInt8[Tensor, "*n 28 28"]:
    """Each image turned counter-clockwise by its own number of quarter turns."""
    out = images.clone()
    for quarter in (1, 2, 3):
        chosen = turns == quarter
        out[chosen] = torch.rot90(images[chosen], quarter, (-2, -1))
    return out


def _examples(images: UInt8[Tensor, "episodes way k 28 28"], character: Int[Tensor, "episodes way 1"]) -> Examples:
    """Shot by shot, as floats in [0, 1] with a channel axis."""
    episodes, way, k = images.shape[:3]
    x = images.transpose(1, 2).reshape(episodes, k * way, 28, 28, 1).float() / 255
    y = torch.arange(way, device=images.device).repeat(k).expand(episodes, -1)
    return Examples(x, y, character.squeeze(2).repeat(1, k))
