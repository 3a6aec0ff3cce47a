"""Fingerprints of a training: what its first meta-steps left, so that another code can be asked for the same.

Digests tell whether all bits agree. The numbers beside them are for machines that round otherwise, where none does.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

import torch
from torch import Tensor

from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.problems.examples import Episodes
from metascore.training.evaluation import final_score, measured

MARKS = (0, 1, 2, 4, 8, 16, 32, 64)  # meta-steps done
EPISODES = 8  # of validation, that are scored after the last mark

Fingerprints = dict[str, dict[str, Any]]  # by mark


def marks(iterations: int) -> list[int]:
    """The marks within a training of so many meta-steps: the first is its beginning."""
    return [mark for mark in MARKS if mark <= iterations]


def of_tensors(params: Params, loss: float | None = None) -> dict[str, Any]:
    """The digest of all tensors, their Euclidean norm, and the meta-loss of the step that made them."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in sorted(params.items())}
    return {"tensors": _digest(tensors), "norm": _norm(tensors), **({} if loss is None else {"loss": loss})}


def of_scores(
    learner: AbstractLearner, params: Params, validation: Episodes, chunk_size: int | None
) -> dict[str, list[float | None]]:
    """The scores of the first validation episodes; None for one that is not finite."""
    scores = measured(final_score, learner, params, validation, chunk_size, count=EPISODES)
    return {"scores": [_finite(score) for score in scores.tolist()]}


def _digest(tensors: dict[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values."""
    digest = hashlib.sha256()
    for name, value in tensors.items():
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()


def _norm(tensors: dict[str, Tensor]) -> float | None:
    squares = [value.double().square().sum() for value in tensors.values()]
    return _finite(math.sqrt(float(torch.stack(squares).sum()))) if squares else 0.0


def _finite(value: float) -> float | None:
    """JSON has no word for the others."""
    return value if math.isfinite(value) else None
