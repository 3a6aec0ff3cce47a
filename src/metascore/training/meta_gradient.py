"""The gradient of a learner's meta-loss, in chunks of episodes that torch.func.vmap maps over."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from metascore.learners.base import AbstractLearner, MetaLoss, file_of, learned
from metascore.learners.learner_errors import learner_errors
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Episodes
from metascore.training.chunk_size import ChunkSize, Stated
from metascore.training.evaluation import chunks
from metascore.training.replay import Recorder


class MetaGradient:
    """The gradient of a learner's mean meta-loss. Repeated calls replay a recording.

    Memory depends on `chunk_size`, the number of episodes that are mapped over at once, not on the meta-batch; `auto`
    halves it where memory runs out.
    """

    def __init__(self, learner: AbstractLearner, chunk_size: Stated = None, recorder: Recorder | None = None) -> None:
        self.learner, self.chunk_size = learner, ChunkSize(chunk_size, learner.problem.chunk_size)
        self.recorder = recorder or Recorder()

    def __call__(
        self, params: Params, episodes: Episodes, index: np.ndarray, progress: float
    ) -> tuple[dict[str, Tensor], float, Params]:
        """The gradient over the episodes `index`, the mean meta-loss, and the mean new state."""
        of_batch = partial(self._of_batch, params, episodes, index, self.learner.phase(progress))
        with learner_errors(file_of(self.learner)):
            return self.chunk_size.attempt(of_batch, self.recorder.forget)

    def _of_batch(
        self, params: Params, episodes: Episodes, index: np.ndarray, phase: Any, size: int
    ) -> tuple[dict[str, Tensor], float, Params]:
        function = partial(gradient_of_chunk, self.learner)
        total, gradient, state = 0.0, dict[str, Tensor](), dict[str, Tensor]()
        for places in chunks(len(index), size):
            share = len(places) / len(index)
            batch = episodes.batch(index[places])
            phase = _moved(phase, batch.query.x.device)
            found, mean, new = self.recorder(self.learner, function, phase, params, batch)
            total += share * mean.item()
            _add(gradient, found, share)
            _add(state, new, share)
        return gradient, total, state


def gradient_of_chunk(
    learner: AbstractLearner, phase: Any, params: Params, episodes: Episode
) -> tuple[dict[str, Tensor], Tensor, Params]:
    leaves = {name: value.detach().requires_grad_() for name, value in learned(params).items()}
    losses: MetaLoss = torch.func.vmap(lambda episode: learner.meta_loss(params | leaves, episode, phase))(episodes)
    mean = losses.value.mean()
    state = {name: value.detach().mean(0) for name, value in losses.state.items()}
    if not mean.requires_grad:  # there is nothing to learn
        return {}, mean, state
    gradient = torch.autograd.grad(mean, list(leaves.values()), allow_unused=True)
    used = {name: value for name, value in zip(leaves, gradient, strict=True) if value is not None}
    return used, mean.detach(), state


def _moved(phase: Any, device: torch.device) -> Any:
    return tree_map_only(Tensor, lambda value: value.to(device), phase)


def _add(total: dict[str, Tensor], values: dict[str, Tensor], share: float) -> None:
    """Add a share of these values to a total, in place."""
    for name, value in values.items():
        total[name] = torch.add(total[name], value, alpha=share) if name in total else share * value
