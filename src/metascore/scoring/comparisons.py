"""Which learners can be told apart: paired tests on the same episodes, Holm's correction, shared ranks."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from statsmodels.stats.multitest import multipletests

from metascore.scoring.intervals import Interval, percentile_interval, resample_means

RESAMPLES = 20_000  # the smallest p value, 1e-4, survives Holm's correction over the 120 pairs of 16 learners
ALPHA = 0.05


class Pairs(NamedTuple):
    """What is known of each pair of learners; the elements are `(learner, learner)`.

    p values are of no difference between means, corrected for all pairs; those up to ALPHA count as different.
    """

    p_values: Float[np.ndarray, "learner learner"]
    different: Bool[np.ndarray, "learner learner"]
    improvement: Interval


def paired_p_values(
    values: Float[np.ndarray, "learner seed episode"],
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
) -> Float[np.ndarray, "learner learner"]:
    """Two-sided p values of no difference between the means of two learners on the same seeds and episodes.

    A bootstrap test (Efron and Tibshirani 1993): how rarely the resampled mean difference is on the other
    side of zero. Symmetric, ones on the diagonal.
    """
    p_values = np.ones((len(values), len(values)))
    pairs = list(combinations(range(len(values)), 2))
    if pairs:
        differences = np.stack([values[a] - values[b] for a, b in pairs], axis=-1)
        first, second = np.transpose(pairs)
        draws = resample_means(differences, generator, resamples)
        p_values[first, second] = p_values[second, first] = two_sided(draws)
    return p_values


def two_sided(draws: Float[np.ndarray, "resample difference"]) -> Float[np.ndarray, " difference"]:
    """P values of differences that are zero, from their draws: twice the share on the rarer side of zero."""
    rarer = np.minimum((draws <= 0).sum(axis=0), (draws >= 0).sum(axis=0))
    return np.minimum(2 * (rarer + 1) / (len(draws) + 1), 1)


def holm(p_values: Float[np.ndarray, "learner learner"]) -> Float[np.ndarray, "learner learner"]:
    """The p values corrected for all pairs (Holm 1979): those up to `alpha` err together at a rate of `alpha`."""
    corrected = np.ones(p_values.shape)
    first, second = np.triu_indices(len(p_values), k=1)
    if len(first):
        corrected[first, second] = corrected[second, first] = holm_corrected(p_values[first, second])
    return corrected


def holm_corrected(p_values: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """The p values of one or more tests, corrected for their number (Holm 1979)."""
    return multipletests(p_values, method="holm")[1]


def ranks(means: Float[np.ndarray, " learner"], different: Bool[np.ndarray, "learner learner"]) -> list[int]:
    """Ranks in the order of the means; who cannot be told from the best of a group belongs to that group.

    The next group's rank counts all learners before it: 1, 1, 3.
    """
    order = np.argsort(-means, kind="stable")
    shared, best = np.ones(len(means), dtype=int), order[0]
    for place, learner in enumerate(order):
        if different[best, learner]:
            best = learner
            shared[learner] = place + 1
        else:
            shared[learner] = shared[best]
    return shared.tolist()


def probability_of_improvement(
    values: Float[np.ndarray, "learner seed episode"], generator: np.random.Generator
) -> Interval:
    """[a, b] = how often a beats b on a seed and episode, a tie counting one half (Agarwal et al. 2021)."""
    difference = values[:, None] - values[None, :]
    wins = (difference > 0) + 0.5 * (difference == 0)
    learners, _, seeds, episodes = wins.shape
    flat = np.moveaxis(wins.reshape(learners**2, seeds, episodes), 0, -1)
    point, low, high = percentile_interval(flat.mean(axis=(0, 1)), resample_means(flat, generator))
    ends = (point, np.maximum(low, 0), np.minimum(high, 1))
    return Interval(*(end.reshape(learners, learners) for end in ends))


def compare_pairs(values: Float[np.ndarray, "learner seed episode"], generator: np.random.Generator) -> Pairs:
    """Test every pair of learners on the same seeds and episodes."""
    p_values = holm(paired_p_values(values, generator))
    return Pairs(p_values, p_values <= ALPHA, probability_of_improvement(values, generator))
