"""Evaluation of a learner on frozen episodes: adaptation curves and final scores."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from metascore.learners.base import AbstractLearner, file_of, last
from metascore.learners.learner_errors import learner_errors
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Episodes
from metascore.training.chunk_size import ChunkSize, Stated
from metascore.training.replay import Recorder

STEPS = 10  # T of MetaScore: adaptation curves have T + 1 points

Measure = Callable[[AbstractLearner, Params, Episode], Tensor]


def adaptation_curve(learner: AbstractLearner, params: Params, episode: Episode) -> Float[Tensor, steps_and_one]:
    """Query score of one episode after 0, 1, ..., T adaptation steps; flat after the learner's own test steps."""
    steps = min(learner.test_steps, STEPS)
    scores = [_score(learner, state, episode) for state in learner.adapt(params, episode.support, steps)]
    return torch.stack(scores + scores[-1:] * (STEPS - steps))


def final_score(learner: AbstractLearner, params: Params, episode: Episode) -> Float[Tensor, ""]:
    """Query score of one episode after the learner's own number of test steps."""
    return _score(learner, last(learner.adapt(params, episode.support, learner.test_steps)), episode)


def measured(
    measure: Measure,
    learner: AbstractLearner,
    params: Params,
    episodes: Episodes,
    chunk_size: Stated = None,
    recorder: Recorder | None = None,
    count: int | None = None,
) -> Float[np.ndarray, "episodes ..."]:
    """The values of `measure` on every episode, or on the first `count`, in their order, as float32.

    It maps over `chunk_size` episodes at a time; None: the problem's own chunk size. A recorder that is given again
    makes later calls faster.
    """

    def of_chunk(params: Params, batch: Episode) -> Tensor:
        return torch.func.vmap(lambda episode: measure(learner, params, episode))(batch)

    recorder = recorder or Recorder()
    count = len(episodes) if count is None else min(count, len(episodes))

    def of_all(size: int) -> Tensor:
        batches = (episodes.batch(index) for index in chunks(count, size))
        return torch.cat([recorder((measure, learner), of_chunk, params, batch) for batch in batches])

    with torch.no_grad(), learner_errors(file_of(learner)):
        found = ChunkSize(chunk_size, learner.problem.chunk_size).attempt(of_all, recorder.forget)
    return found.float().cpu().numpy()


def chunks(count: int, size: int) -> list[np.ndarray]:
    """The numbers 0 .. count - 1 in pieces of at most `size`."""
    return [np.arange(start, min(start + size, count)) for start in range(0, count, size)]


def _score(learner: AbstractLearner, state: object, episode: Episode) -> Float[Tensor, ""]:
    return learner.problem.score(partial(learner.predict, state), episode.query)
