"""The label permutation control: a learner must use the labels of the support set, and nothing else.

It is evaluated on episodes whose support labels are permuted, where it must score as chance does. `scoring.controls`
tests that.
"""

from __future__ import annotations

import numpy as np

from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.problems.examples import Episodes
from metascore.training.chunk_size import Stated
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.replay import Recorder

EPISODES = 50  # about: enough to detect that one query in ten is recognised
ROUNDS = 2  # at least, of `way` episodes


def label_permutation_control(
    learner: AbstractLearner, params: Params, episodes: Episodes, chunk_size: Stated, recorder: Recorder
) -> dict[str, np.ndarray]:
    """Scores `misled` (episode,) after the last step on the first episodes; nothing where a problem has no classes."""
    problem = learner.problem
    permuted = problem.label_permutation_control(episodes)
    if permuted is None:
        return {}
    if not len(permuted):
        return {"misled": np.zeros(0, np.float32)}
    count = problem.way * max(EPISODES // problem.way, ROUNDS)
    curves = measured(adaptation_curve, learner, params, permuted, chunk_size, recorder, count)
    return {"misled": curves[:, -1]}
