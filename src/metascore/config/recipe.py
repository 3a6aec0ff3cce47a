"""The recipe of the training loop: one entry's `training` section."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Training:
    """How a learner is meta-trained. The names are the keys of a `training` section."""

    iterations: int = 0  # meta-steps; 0 leaves the learner as it was initialised
    meta_batch: int = 1  # episodes a meta-step
    optimiser: str = "adam"  # or sgd
    meta_lr: float = 0.001
    schedule: str = "constant"  # or linear, cosine (both towards final_lr), halving
    final_lr: float = 0.0
    halve_every: int = 0  # meta-steps, for `halving`
    clip_norm: float | None = None  # of the whole meta-gradient
    validations: int = 10  # how often, evenly spread, the validation episodes are scored
    chunk_size: int | None = (
        None  # episodes mapped over at once: bounds memory, and fits the cache; None: the problem's
    )
    way: int | None = None  # shape of training episodes, where it is not the task's
    shot: int | None = None
    query: int | None = None
