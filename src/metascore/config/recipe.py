"""The recipe of a run: its learner with all hyper-parameters, and how it is meta-trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Training:
    """How a learner is meta-trained. The names are the keys of a `training` section."""

    iterations: int = 0  # meta-steps; 0 leaves the learner as it was initialised
    meta_batch: int = 1  # episodes a meta-step
    optimiser: Literal["adam", "sgd"] = "adam"
    meta_lr: float = 0.001
    schedule: Literal["constant", "linear", "cosine", "halving"] = "constant"  # linear, cosine: towards final_lr
    final_lr: float = 0.0
    halve_every: int = 0  # meta-steps, for `halving`
    clip_norm: float | None = None  # of the whole meta-gradient
    validations: int = 10  # how often, evenly spread, the validation episodes are scored
    chunk_size: int | None = None  # episodes mapped over at once: bounds memory, fits the cache; None: the problem's
    way: int | None = None  # shape of training episodes, where it is not the task's
    shot: int | None = None
    query: int | None = None


@dataclass(frozen=True)
class Recipe:
    """What determines a run beside its data and its seed. `dataclasses.asdict` is what records keep of it."""

    learner: str  # its file in learners/
    hyper_parameters: dict[str, Any]  # every field of the learner's dataclass
    training: Training
