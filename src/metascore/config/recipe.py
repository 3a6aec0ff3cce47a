"""The recipe of a run: its learner with all hyper-parameters, and how it is meta-trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from metascore.bounds import AboveZero, Iterations, Positive, Rate, Ways


@dataclass(frozen=True)
class Training:
    """How a learner is meta-trained. The fields are the keys of a `training` section, and their types its schema."""

    iterations: Iterations = 0  # meta-steps; 0 leaves the learner as initialised
    meta_batch: Positive = 1  # episodes a meta-step
    optimiser: Literal["adam", "sgd"] = "adam"
    meta_lr: AboveZero = 0.001
    schedule: Literal["constant", "linear", "cosine", "halving"] = "constant"  # linear, cosine: towards final_lr
    final_lr: Rate = 0.0
    halve_every: Positive = 0  # meta-steps, for `halving`
    clip_norm: AboveZero | None = None  # of the whole meta-gradient
    validations: Positive = 10  # how often, evenly spread, the validation episodes are scored
    chunk_size: Positive | Literal["auto"] | None = None  # episodes mapped over at once; None: the problem's size;
    # auto: that size, halved where memory runs out
    way: Ways | None = None  # shape of training episodes, where it is not the task's
    shot: Positive | None = None
    query: Positive | None = None


@dataclass(frozen=True)
class Recipe:
    """What determines a run beside its data and its seed. Records hold `dataclasses.asdict` of it."""

    learner: str  # its file in learners/
    hyper_parameters: dict[str, Any]  # every field of the learner's dataclass
    training: Training
