"""The board: who is where, how certain that is, and whether half of the episodes would say the same."""

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from metascore.randomness import numpy_generator
from metascore.scoring.estimates import TaskResults

HALVES = 1000  # random halves of the test episodes
COLUMNS = ["task", "learner", "rank_low", "rank_high", "metascore", "metascore_low", "metascore_high"]
COLUMNS += ["half_low", "half_high", "same"]


def board_table(results: TaskResults, scores: pd.DataFrame) -> pd.DataFrame:
    """A row a learner, in the order of `scores` (the task's score table).

    Of the ranks by MetaScore on random halves of the test episodes, `half_low` and `half_high` hold 95 of 100, and
    `same` is the share that equals the rank on all episodes. Empty where there is one episode.
    """
    table = scores[[name for name in COLUMNS if name in scores]].reset_index(drop=True)
    areas = np.stack([_areas(results, learner) for learner in table["learner"]])
    if areas.shape[1] < 2:
        return table.assign(half_low=None, half_high=None, same=None)[COLUMNS]
    ranks, whole = ranks_on_halves(areas), ranked(areas.mean(axis=1, keepdims=True))
    low, high = np.percentile(ranks, [2.5, 97.5], axis=1, method="closest_observation")
    return table.assign(half_low=low.astype(int), half_high=high.astype(int), same=(ranks == whole).mean(axis=1))[
        COLUMNS
    ]


def ranks_on_halves(areas: Float[np.ndarray, "learner episode"]) -> Int[np.ndarray, "learner half"]:
    """Each learner's rank on each random half."""
    episodes, random = areas.shape[1], numpy_generator(0, "halves of the board")
    chosen = np.argsort(random.random((HALVES, episodes)), axis=1) < episodes // 2
    return ranked(areas @ chosen.T)


def ranked(means: Float[np.ndarray, "learner half"]) -> Int[np.ndarray, "learner half"]:
    """1 for the highest of a column; who is equal shares the better rank."""
    return 1 + (means[None] > means[:, None]).sum(axis=1)


def _areas(results: TaskResults, learner: str) -> Float[np.ndarray, " episode"]:
    """The area under the adaptation curve on each episode, the mean over seeds."""
    measure = results.measure
    relative = measure.relative(measure.normalise(results.scores[learner].astype(np.float64)))
    found: np.ndarray = relative[..., 1:].mean(axis=(0, -1))
    return found
