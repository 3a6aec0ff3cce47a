"""Intervals and p values from the variances of `variances`, in closed form.

An estimate errs by its seeds, of whose few variances little is known, and by its episodes, which are many. Given the
data, the seeds' error of one mean is Student's t; that of a difference of two means is the difference of two of them
(Behrens and Fisher), whose tails are thicker than those of any t with Satterthwaite's degrees of freedom: in the far
tail, where corrections for many pairs look, the latter errs several times too often
(docs/reference/statistics.md). With first and other variances v, w
on f, g degrees of freedom the difference is, for a share B from Beta(f/2, g/2),

    Student's t with f + g degrees of freedom, times the root of (f v / B + g w / (1 - B)) / (f + g)

The tail is the mean over B, by quadrature. The episodes' variance is added by Satterthwaite's approximation, which is
good for many degrees of freedom. The ends of an interval are computed on a scale where the error is symmetric: log odds
where there are two bounds, the logarithm of the distance where there is one.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import special

LEVEL = 0.95
NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
HALF = ((NODES + 1) / 2) ** 4 / 2  # probabilities in (0, 1/2), dense near 0, where small B make thick tails
HALF_WEIGHTS = WEIGHTS * ((NODES + 1) / 2) ** 3
PROBABILITY = np.concatenate([HALF, 1 - HALF])
PROBABILITY_WEIGHTS = np.concatenate([HALF_WEIGHTS, HALF_WEIGHTS])
BISECTIONS = 40


class Interval(NamedTuple):
    """A point estimate between the ends of its interval, elementwise; without an interval the ends are nan."""

    point: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Error(NamedTuple):
    """Variances that make an estimate's error, and their degrees of freedom, elementwise; `other` of a difference."""

    seeds: Float[np.ndarray, "*n"]
    freedom: Float[np.ndarray, "*n"]
    other_seeds: Float[np.ndarray, "*n"]
    other_freedom: Float[np.ndarray, "*n"]
    episodes: Float[np.ndarray, "*n"]
    episode_freedom: float

    @property
    def variance(self) -> Float[np.ndarray, "*n"]:
        return self.seeds + self.other_seeds + self.episodes


def tail(distance: Float[np.ndarray, "*n"], error: Error) -> Float[np.ndarray, "*n"]:
    """How probable it is that the error exceeds this distance, on either side: a two-sided p value."""
    return _tail(distance, error, _shares(error))


def reach(error: Error, level: float = LEVEL) -> Float[np.ndarray, "*n"]:
    """How far to either side the interval goes: the distance that the error exceeds with probability 1 - level."""
    spread, shares = np.sqrt(error.variance), _shares(error)
    least = np.minimum(np.minimum(error.freedom, error.other_freedom), error.episode_freedom)
    low, high = np.zeros_like(spread), spread * special.stdtrit(least, (1 + level) / 2)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        inside = _tail(middle, error, shares) > 1 - level
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high


def _shares(error: Error) -> Float[np.ndarray, "*n node"]:
    """Quantiles of B, computed once where degrees of freedom are the same."""
    freedoms = np.stack(np.broadcast_arrays(error.freedom, error.other_freedom), axis=-1)
    kinds, places = np.unique(freedoms.reshape(-1, 2), axis=0, return_inverse=True)
    shares = special.betaincinv(kinds[:, :1] / 2, kinds[:, 1:] / 2, PROBABILITY)
    return shares[places.reshape(-1)].reshape(*freedoms.shape[:-1], len(PROBABILITY))


def _tail(
    distance: Float[np.ndarray, "*n"], error: Error, shares: Float[np.ndarray, "*n node"]
) -> Float[np.ndarray, "*n"]:
    distance, freedom, other, first, second, episodes = (
        value[..., None]
        for value in (
            distance,
            error.freedom,
            error.other_freedom,
            error.seeds,
            error.other_seeds,
            error.episodes,
        )
    )
    total = freedom + other
    seeds = (freedom * first / shares + other * second / (1 - shares)) / total
    variance = seeds + episodes
    with np.errstate(invalid="ignore", divide="ignore"):
        degrees = variance**2 / (seeds**2 / total + episodes**2 / error.episode_freedom)
        given_share = 2 * special.stdtr(degrees, -distance / np.sqrt(variance))
    # Without any variance, what is apart is certainly apart.
    p_values = np.where(variance > 0, given_share, distance == 0) @ PROBABILITY_WEIGHTS
    return np.minimum(p_values, 1.0)


def slope(
    point: Float[np.ndarray, "*n"], lowest: Float[np.ndarray, "*n"] | float, highest: Float[np.ndarray, "*n"] | float
) -> Float[np.ndarray, "*n"]:
    """By how much a point moves with the scale on which its interval is symmetric; 0 on a bound, 1 without bounds."""
    with np.errstate(divide="ignore"):
        rate = 1 / (point - lowest) + 1 / (highest - point)
        return np.where(np.isinf(lowest) & np.isinf(highest), 1.0, 1 / rate)


def bounded(
    point: Float[np.ndarray, "*n"],
    distance: Float[np.ndarray, "*n"],
    lowest: Float[np.ndarray, "*n"] | float,
    highest: Float[np.ndarray, "*n"] | float,
) -> Interval:
    """The interval that reaches so far where the error is small, and never beyond what is possible."""
    point, lowest, highest = np.broadcast_arrays(point, lowest, highest)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = distance / slope(point, lowest, highest)
        up, down = (_moved(point, lowest, highest, sign * moved) for sign in (1, -1))
    certain = distance == 0
    return Interval(point, np.where(certain, point, down), np.where(certain, point, up))


def _moved(
    point: Float[np.ndarray, "*n"],
    lowest: Float[np.ndarray, "*n"],
    highest: Float[np.ndarray, "*n"],
    by: Float[np.ndarray, "*n"],
) -> Float[np.ndarray, "*n"]:
    """A point, moved on its scale."""
    above, below = point - lowest, highest - point
    two_bounds = lowest + (highest - lowest) / (1 + below / above * np.exp(-by))
    one_bound = np.where(np.isinf(lowest), highest - below * np.exp(-by), lowest + above * np.exp(by))
    ends = np.where(np.isinf(lowest) | np.isinf(highest), one_bound, two_bounds)
    return np.where(np.isinf(lowest) & np.isinf(highest), point + by, ends)
