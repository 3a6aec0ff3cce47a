"""A test of every pair of learners, and the ranks that its outcome leaves possible.

The difference of a pair is paired by episode and, where both entries share a training, by seed; its error is that of
`variances` and `intervals`. P values are corrected for the number of tests by Shaffer's rule (1986). It controls the
family-wise error as Holm's does and is more powerful: after a rejection not all other equalities can be true.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from metascore.scoring.intervals import Error, Interval, bounded, reach, tail
from metascore.scoring.variances import Model, difference_error, paired_error

ALPHA = 0.05
RESOLUTION = 1e-7  # scores are float32: smaller differences are rounding


class Pairs(NamedTuple):
    """The tests of all pairs of learners; the elements are `(learner, learner)`.

    p values are of no difference between means, corrected for all pairs; those up to ALPHA count as different.
    """

    p_values: Float[np.ndarray, "learner learner"]
    different: Bool[np.ndarray, "learner learner"]
    difference: Interval
    improvement: Interval


class Ranks(NamedTuple):
    """The best and the worst rank that each learner can have: all true ranks lie within, with 95 % confidence."""

    low: Int[np.ndarray, " learner"]
    high: Int[np.ndarray, " learner"]


def compare_pairs(
    values: Float[np.ndarray, "learner seed episode"], model: Model, same_training: Sequence[tuple[int, int]] = ()
) -> Pairs:
    """Test every pair; `model` is that of these values, `same_training` are pairs whose seeds are paired."""
    first, second = np.triu_indices(len(values), k=1)
    error = difference_error(model, first, second)
    for a, b in map(sorted, same_training):
        place = int(np.flatnonzero((first == a) & (second == b))[0])
        _replace(error, place, paired_error(values[a] - values[b], model.excess([a, b]), model.prior))
    apart = model.sample.mean[:, None] - model.sample.mean
    p_values = _symmetric(corrected(tail(seen(apart[first, second]), error)), len(values), 1.0)
    far = _symmetric(reach(error), len(values), 0.0)
    return Pairs(p_values, p_values <= ALPHA, Interval(apart, apart - far, apart + far), improvement(values))


def seen(difference: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
    """The size of a difference; 0 where it is rounding."""
    return np.where(np.abs(difference) < RESOLUTION, 0.0, np.abs(difference))


def _symmetric(
    pairs: Float[np.ndarray, " pair"], learners: int, diagonal: float
) -> Float[np.ndarray, "learner learner"]:
    matrix = np.full((learners, learners), diagonal)
    first, second = np.triu_indices(learners, k=1)
    matrix[first, second] = matrix[second, first] = pairs
    return matrix


def _replace(error: Error, place: int, by: Error) -> None:
    for whole, part in zip(error[:5], by[:5], strict=True):
        whole[place] = part[0]


def corrected(p_values: Float[np.ndarray, " pair"]) -> Float[np.ndarray, " pair"]:
    """P values of all pairs, corrected: those up to `alpha` err together at a rate of `alpha` (Shaffer 1986)."""
    order = np.argsort(p_values, kind="stable")
    adjusted = np.minimum(np.maximum.accumulate(p_values[order] * still_possible(len(p_values))), 1.0)
    result = np.empty_like(adjusted)
    result[order] = adjusted
    return result


def holm(p_values: Float[np.ndarray, " test"]) -> Float[np.ndarray, " test"]:
    """P values of any tests, corrected for their number (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    steps = np.maximum.accumulate(p_values[order] * (len(p_values) - np.arange(len(p_values))))
    result = np.empty_like(steps)
    result[order] = np.minimum(steps, 1.0)
    return result


@cache
def still_possible(pairs: int) -> Int[np.ndarray, " pair"]:
    """How many equalities of pairs can be true at most, after 0, 1, ... of them have been rejected."""
    learners = round((1 + np.sqrt(1 + 8 * pairs)) / 2)
    counts = np.array(sorted(_numbers_of_equalities(learners)))
    left = pairs - np.arange(pairs)
    return counts[np.searchsorted(counts, left, side="right") - 1]


@cache
def _numbers_of_equalities(learners: int) -> frozenset[int]:
    """Of pairs, in every partition of learners into groups of equals."""
    if learners < 2:
        return frozenset({0})
    sizes = range(1, learners + 1)
    return frozenset(
        size * (size - 1) // 2 + others for size in sizes for others in _numbers_of_equalities(learners - size)
    )


def ranks(means: Float[np.ndarray, " learner"], different: Bool[np.ndarray, "learner learner"]) -> Ranks:
    """Rank 1 is the best mean; the ends count the learners that are significantly better, and worse."""
    better = different & (means[:, None] > means)
    return Ranks(1 + better.sum(axis=0), len(means) - better.sum(axis=1))


def improvement(values: Float[np.ndarray, "learner seed episode"]) -> Interval:
    """[a, b] = how often a beats b on an episode, each with any of its seeds, a tie counting one half.

    The probability of improvement of Agarwal et al. 2021. Its variance is that of the means over the seeds of a, over
    the seeds of b and over episodes.
    """
    pairs = [_wins(first, second) for first in values for second in values]
    point, *parts = np.transpose(pairs)
    learners, seeds, episodes = values.shape
    own, other, shared = parts
    freedom = np.full(len(point), max(seeds - 1.0, 1.0))
    error = Error(own, freedom, other, freedom, shared, episodes - 1.0)
    interval = bounded(point, reach(error), 0.0, 1.0)
    return Interval(*(end.reshape(learners, learners) for end in interval))


def _wins(first: Float[np.ndarray, "seed episode"], second: Float[np.ndarray, "seed episode"]) -> list[float]:
    """Mean, and the variances of the mean by the seeds of the first, of the second, and by episodes."""
    difference = first[:, None] - second[None]
    wins = (difference > 0) + 0.5 * (difference == 0)
    axes = ((1, 2), (0, 2), (0, 1))
    means = [wins.mean(axis=axis) for axis in axes]
    return [float(wins.mean()), *(float(one.var(ddof=1) / len(one)) if len(one) > 1 else 0.0 for one in means)]
