"""The variance of a learner's mean by seeds and by episodes.

The value of a statistic of learner i with seed s = 1..S on episode e = 1..E is

    x(i, s, e) = mean(i) + a(i, s) + b(i, e) + r(i, s, e)

Episodes are crossed with learners: all are evaluated on the same ones, so the b of two learners are correlated, and
their difference is paired by episode. Seeds are nested: seed 0 of one learner is independent of seed 0 of another.

    noise(i)    = var(r) / E                           from the residuals, on (S - 1)(E - 1) degrees of freedom
    between(i)  = var_s(mean_e x) = var(a) + noise     on S - 1 degrees of freedom: few
    shared(i,j) = cov_e(mean_s x) / E                  less noise(i) / S where i = j, which between(i) / S has already

    var(mean(i)) = between(i) / S + shared(i, i)

Few seeds estimate `between` badly, so its estimates are shrunk towards a common one (empirical Bayes, as Smyth 2004 for
genes). The expected variance of a learner is its noise and a spread between seeds that is the same for all learners on
a scale where means compare. `slope` is the derivative of the mean on that scale (log odds of accuracies: p (1 - p);
without such a scale, the root of the noise):

    expected(i) = noise(i) + kappa slope(i)^2          kappa such that between / expected is 1 on average
    shrunk(i)   = (d0 expected(i) + d between(i)) / (d0 + d)      d = S - 1
    d0          = 2 + 2 / c

c is the squared coefficient of variation of the true variances about the expected ones. It is estimated by moments of
between / expected, of which the sampling of few seeds explains 2 / d, and raised by half a standard error, since too
small a c makes tests reject too often. This is the best linear estimate (Buehlmann 1967). It takes moments of
variances, where Smyth takes those of their logarithms, so that tiny variances do not decide the estimate of large ones.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import brentq

from metascore.scoring.intervals import Error

FEWEST = 2  # seeds or episodes that an estimate of variance needs
CAUTION = 0.5  # standard errors that are added to c
LEAST_SHARE = 1e-12  # of the largest possible kappa: smaller ones count as 0
SAME = float(np.finfo(np.float32).eps)  # scores are float32: smaller differences between seeds are rounding


class Sample(NamedTuple):
    """Means and variances of learners; the symbols are those of the module."""

    mean: Float[np.ndarray, " learner"]
    between: Float[np.ndarray, " learner"]  # zeros with one seed
    noise: Float[np.ndarray, " learner"]
    shared: Float[np.ndarray, "learner learner"]
    random: Bool[np.ndarray, " learner"]  # whose seeds differ at all
    seeds: int
    episodes: int


class Prior(NamedTuple):
    """The common estimate of variances: kappa, d0, and the degrees of freedom of all learners together."""

    kappa: float
    weight: float
    limit: float

    def shrunk(
        self, between: Float[np.ndarray, " learner"], expected: Float[np.ndarray, " learner"], seeds: int
    ) -> Float[np.ndarray, " learner"]:
        d = seeds - 1
        return between if d == 0 else (self.weight * expected + d * between) / (self.weight + d)

    def freedom(self, seeds: int) -> float:
        """Degrees of freedom of a shrunk variance."""
        return max(min(self.weight + seeds - 1, self.limit), seeds - 1.0, 1.0)


class Model(NamedTuple):
    """A sample, and its expected variances."""

    sample: Sample
    expected: Float[np.ndarray, " learner"]
    prior: Prior

    def excess(self, learners: list[int]) -> float:
        """By what factor the variance between seeds is expected to exceed the noise, for these learners together."""
        noise = self.sample.noise[learners].sum()
        return float(self.expected[learners].sum() / noise) if noise > 0 else 1.0


def model(
    values: Float[np.ndarray, "learner seed episode"],
    slope: Float[np.ndarray, " learner"] | None,
    prior: Prior | None = None,
) -> Model:
    """The model of values of two or more episodes; the prior is estimated from them unless it is given."""
    one = sample(values)
    slope = np.sqrt(one.noise) if slope is None else slope
    prior = prior or learned(one, slope)
    return Model(one, one.noise + prior.kappa * slope**2, prior)


def sample(values: Float[np.ndarray, "learner seed episode"]) -> Sample:
    """Split values into the terms of the module."""
    learners, seeds, episodes = values.shape
    mean, by_seed, by_episode = values.mean(axis=(1, 2)), values.mean(axis=2), values.mean(axis=1)
    rest = values - by_seed[:, :, None] - by_episode[:, None, :] + mean[:, None, None]
    random = np.ptp(values, axis=1).max(axis=1) > SAME
    noise = random * np.square(rest).sum(axis=(1, 2)) / max((seeds - 1) * (episodes - 1), 1) / episodes
    between = random * by_seed.var(axis=1, ddof=1) if seeds > 1 else np.zeros(learners)
    deviation = by_episode - mean[:, None]
    shared = deviation @ deviation.T / max(episodes - 1, 1) / episodes - np.diag(noise / seeds)
    return Sample(mean, between, noise, shared, random, seeds, episodes)


def learned(one: Sample, slope: Float[np.ndarray, " learner"]) -> Prior:
    """The prior of all learners whose seeds differ; with fewer than two of them nothing is shrunk."""
    d, learners = one.seeds - 1, int(one.random.sum())
    if d == 0 or learners < 2:
        return Prior(0.0, 0.0, float(d))
    between, noise, slope = one.between[one.random], one.noise[one.random], slope[one.random]
    kappa = _kappa(between, noise, slope)
    ratio = between / (noise + kappa * slope**2)
    seen = ratio.var(ddof=1) / ratio.mean() ** 2 if ratio.any() else 0.0
    doubt = 2 / (d + 2) * np.sqrt((2 + 12 / d) / learners)  # standard error of c where all variances are equal
    c = max((seen + 1) / (1 + 2 / d) - 1, 0.0) + CAUTION * float(doubt)
    return Prior(kappa, float(2 + 2 / c), float(learners * d / (1 + c)))


def _kappa(
    between: Float[np.ndarray, " learner"], noise: Float[np.ndarray, " learner"], slope: Float[np.ndarray, " learner"]
) -> float:
    """The kappa that makes between / expected 1 on average; 0 where noise alone exceeds that."""
    steep = slope > 0

    def excess(kappa: float) -> float:
        return float(np.mean(between / (noise + kappa * slope**2))) - 1

    highest = float(np.max(between[steep] / slope[steep] ** 2, initial=0.0))
    lowest = LEAST_SHARE * highest
    return float(brentq(excess, lowest, highest)) if highest > 0 and excess(lowest) > 0 else 0.0


def mean_error(one: Model) -> Error:
    """Of each learner's mean. A learner whose seeds never differ has no error from them."""
    sample, prior = one.sample, one.prior
    shrunk = prior.shrunk(sample.between, one.expected, sample.seeds) * sample.random
    freedom, none = np.full(len(shrunk), prior.freedom(sample.seeds)), np.zeros(len(shrunk))
    episodes = np.maximum(np.diag(sample.shared), 0)
    return Error(shrunk / sample.seeds, freedom, none, freedom, episodes, sample.episodes - 1.0)


def difference_error(one: Model, first: Int[np.ndarray, " pair"], second: Int[np.ndarray, " pair"]) -> Error:
    """Of the differences of means of two learners, with seeds of their own.

    The part of the episodes is an estimate less another one; it counts at least 0, which makes an error wider.
    """
    mean, shared = mean_error(one), one.sample.shared
    episodes = shared[first, first] + shared[second, second] - shared[first, second] - shared[second, first]
    seeds, freedom = mean.seeds, mean.freedom
    return Error(
        seeds[first], freedom[first], seeds[second], freedom[second], np.maximum(episodes, 0), mean.episode_freedom
    )


def paired_error(difference: Float[np.ndarray, "seed episode"], excess: float, prior: Prior) -> Error:
    """Of a mean difference whose seeds are paired: a sample of its own.

    Its variance is expected to exceed its noise by the factor `excess`, as the two learners' do.
    """
    own = sample(difference[None])
    return mean_error(Model(own, own.noise * excess, prior))
