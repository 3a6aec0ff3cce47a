"""Which learners can be told apart: paired tests on the same episodes, Holm's correction, shared ranks."""

from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float
from statsmodels.stats.multitest import multipletests

from metascore.intervals import resample_means

RESAMPLES = 20_000  # the smallest p value, 1e-4, survives Holm's correction over the 120 pairs of 16 learners
ALPHA = 0.05


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
        draws = resample_means(differences, generator, resamples)
        smaller = np.minimum((draws <= 0).sum(axis=0), (draws >= 0).sum(axis=0))
        first, second = np.transpose(pairs)
        p_values[first, second] = p_values[second, first] = np.minimum(2 * (smaller + 1) / (resamples + 1), 1)
    return p_values


def holm(p_values: Float[np.ndarray, "learner learner"], alpha: float = ALPHA) -> Bool[np.ndarray, "learner learner"]:
    """Which pairs differ at family-wise error rate `alpha` over all pairs (Holm 1979)."""
    different = np.zeros(p_values.shape, dtype=bool)
    first, second = np.triu_indices(len(p_values), k=1)
    if len(first):
        rejected = multipletests(p_values[first, second], alpha=alpha, method="holm")[0]
        different[first, second] = different[second, first] = rejected
    return different


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
    values: Float[np.ndarray, "learner seed episode"],
) -> Float[np.ndarray, "learner learner"]:
    """[a, b] = how often a beats b on a seed and episode, a tie counting one half (Agarwal et al. 2021)."""
    difference = values[:, None] - values[None, :]
    return ((difference > 0) + 0.5 * (difference == 0)).mean(axis=(-2, -1))
