"""The arrays that figures show of a run beside its scores. Fine-tuning writes them; figures need no learner then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from torch import Tensor

from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Episodes
from metascore.training.evaluation import STEPS, measured

CHUNK_SIZE = 100
Predictors = Sequence[Callable[[Tensor], Tensor]]


def figure_data(learner: AbstractLearner, params: Params, episodes: Episodes) -> dict[str, np.ndarray]:
    """Arrays by name: those of `Problem.figure_data`, and the score of `blind` where it differs between episodes."""

    def look(view: Callable[[Predictors, Episode], Tensor], count: int | None) -> np.ndarray:
        def seen(learner: AbstractLearner, params: Params, episode: Episode) -> Tensor:
            return view(_predictors(learner, params, episode), episode)

        return measured(seen, learner, params, episodes, CHUNK_SIZE, count=count)

    return _chance(learner, params, episodes) | learner.problem.figure_data(episodes, look)


def _chance(learner: AbstractLearner, params: Params, episodes: Episodes) -> dict[str, np.ndarray]:
    """The score of `blind`, chance (episode,), where MetaScore's zero differs between episodes."""
    if learner.problem.chance is not None:
        return {}
    return {"chance": measured(_blind_score, learner, params, episodes)}


def _blind_score(learner: AbstractLearner, params: Params, episode: Episode) -> Tensor:
    return learner.problem.score(learner.problem.blind, episode.query)


def _predictors(learner: AbstractLearner, params: Params, episode: Episode) -> Predictors:
    """After 0, 1, ..., T adaptation steps; the last one again after the learner's own test steps."""
    steps = min(learner.test_steps, STEPS)
    found = [partial(learner.predict, state) for state in learner.adapt(params, episode.support, steps)]
    return found + found[-1:] * (STEPS - steps)
