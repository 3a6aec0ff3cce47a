"""A control of every run: whether its learner goes by the support set's labels, and by nothing else.

Judged where those labels say nothing, it must be no better than a blind guess. `scoring.controls` says when it is.
"""

from __future__ import annotations

import numpy as np

from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.problems.examples import Episodes
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.replay import Recorder

EPISODES = 50  # about: enough to see that one query in ten is known
ROUNDS = 2  # at least, of `way` episodes


def label_permutation_control(
    learner: AbstractLearner, params: Params, episodes: Episodes, chunk_size: int | None, recorder: Recorder
) -> dict[str, np.ndarray]:
    """Scores `misled` (episode,) after the last step, of the first episodes; nothing where there are no classes."""
    problem = learner.problem
    turned = problem.label_permutation_control(episodes)
    if turned is None:
        return {}
    if not len(turned):
        return {"misled": np.zeros(0, np.float32)}
    count = problem.way * max(EPISODES // problem.way, ROUNDS)
    curves = measured(adaptation_curve, learner, params, turned, chunk_size, recorder, count)
    return {"misled": curves[:, -1]}
