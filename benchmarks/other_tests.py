"""Tests of all pairs of learners that ours is measured against: the one before it, Welch's and Tukey's."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy import special, stats

from metascore.scoring.comparisons import holm

DRAWS = 20_000


def welch(values: Float[np.ndarray, "learner seed episode"]) -> Float[np.ndarray, " pair"]:
    """Of the seeds' means, with Holm's correction."""
    means, seeds = values.mean(axis=2), values.shape[1]
    first, second = np.triu_indices(len(values), k=1)
    variance = means.var(axis=1, ddof=1) / seeds
    total = np.maximum(variance[first] + variance[second], 1e-30)
    freedom = total**2 / np.maximum((variance[first] ** 2 + variance[second] ** 2) / (seeds - 1), 1e-60)
    distance = np.abs(means.mean(axis=1)[first] - means.mean(axis=1)[second])
    return holm(2 * special.stdtr(freedom, -distance / np.sqrt(total)))


def tukey(values: Float[np.ndarray, "learner seed episode"]) -> Float[np.ndarray, " pair"]:
    """Tukey's range of the seeds' means: whether a difference reaches its critical value at 5 %, as 0 or 1."""
    means, (learners, seeds, _) = values.mean(axis=2), values.shape
    first, second = np.triu_indices(learners, k=1)
    pooled = np.sqrt(means.var(axis=1, ddof=1).mean() / seeds)
    distance = np.abs(means.mean(axis=1)[first] - means.mean(axis=1)[second])
    return np.where(distance > _critical_range(learners, learners * (seeds - 1)) * pooled, 0.0, 1.0)


_CRITICAL: dict[tuple[int, int], float] = {}


def _critical_range(learners: int, freedom: int) -> float:
    key = learners, freedom
    if key not in _CRITICAL:
        _CRITICAL[key] = float(stats.studentized_range.ppf(0.95, *key))
    return _CRITICAL[key]


class Bootstrap:
    """MetaScore's test up to 0.1: seeds and episodes resampled together, Holm's correction.

    Its draws of the episodes' means are nearly normal, and so they are here; those of the seeds were Student's t from
    the start, times a standard error of which the noise of episodes was taken off, at most all of it.
    """

    def __init__(self, seeds: int, random: np.random.Generator) -> None:
        self.by_episode = random.standard_normal(DRAWS)
        self.by_seed = random.standard_t(seeds - 1, DRAWS)

    def __call__(self, values: Float[np.ndarray, "learner seed episode"]) -> Float[np.ndarray, " pair"]:
        first, second = np.triu_indices(len(values), k=1)
        return holm(np.array([self._pair(values[a] - values[b]) for a, b in zip(first, second, strict=True)]))

    def _pair(self, difference: Float[np.ndarray, "seed episode"]) -> float:
        seeds, episodes = difference.shape
        by_seed, by_episode = difference.mean(axis=1), difference.mean(axis=0)
        rest = difference - by_seed[:, None] - by_episode + difference.mean()
        noise = np.square(rest).sum() / ((seeds - 1) * (episodes - 1)) / episodes
        of_seeds = np.sqrt(max(by_seed.var(ddof=1) - noise, 0) / seeds)
        of_episodes = by_episode.std() / np.sqrt(episodes)
        drawn = difference.mean() + of_seeds * self.by_seed + of_episodes * self.by_episode
        rarer = min(np.count_nonzero(drawn <= 0), np.count_nonzero(drawn >= 0))
        return min(2 * (rarer + 1) / (DRAWS + 1), 1.0)
