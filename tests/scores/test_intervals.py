"""Intervals: exact where they must be, ordered, paired and repeatable."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metascore.scoring.intervals import bootstrap_interval, resample_means, seed_share


def study(seeds, episodes, generator, seed_effect=0.1):
    """Scores (seed, episode, 1) with true mean 0: effects of seed and (skewed) of episode, and noise."""
    effects = seed_effect * generator.standard_normal((seeds, 1)) + generator.exponential(size=episodes) - 1
    return (effects + 0.7 * generator.standard_normal((seeds, episodes)))[..., None]


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, (3, 7, 2), elements=st.floats(-1, 1)), st.integers(0, 99))
def test_low_point_high_are_ordered(values, seed):
    point, low, high = bootstrap_interval(values, np.random.default_rng(seed), resamples=200)
    assert (low <= point).all() and (point <= high).all()


def test_constant_scores_have_no_width():
    interval = bootstrap_interval(np.full((3, 50, 1), 0.75), np.random.default_rng(0))
    np.testing.assert_allclose(interval, 0.75)


def test_one_seed_gives_the_width_of_the_central_limit():
    values = study(1, 500, np.random.default_rng(1))
    _point, low, high = bootstrap_interval(values, np.random.default_rng(2), resamples=5_000)
    expected = 2 * 1.96 * values.std() / np.sqrt(values.size)
    assert (high - low)[0] == pytest.approx(expected, rel=0.06)


def test_three_seeds_that_differ_give_the_width_of_student():
    """No noise but the seeds': the interval is t with two degrees of freedom."""
    values = np.array([1.0, 2.0, 6.0])[:, None, None] * np.ones((3, 40, 1))
    _point, low, high = bootstrap_interval(values, np.random.default_rng(0), resamples=50_000)
    expected = 2 * 4.303 * np.std([1, 2, 6], ddof=1) / np.sqrt(3)
    assert (high - low)[0] == pytest.approx(expected, rel=0.05)


def test_noise_of_episodes_is_not_taken_for_seeds():
    generator = np.random.default_rng(3)
    shares = [seed_share(study(3, 100, generator, seed_effect=0))[0] for _ in range(200)]
    assert np.mean(np.array(shares) == 0) > 0.4
    assert seed_share(study(3, 100, generator, seed_effect=50))[0] > 0.99


def test_draws_are_repeatable_and_paired():
    values = np.repeat(study(2, 30, np.random.default_rng(0)), 2, axis=-1)
    draws = resample_means(values, np.random.default_rng(5))
    assert (draws[:, 0] == draws[:, 1]).all()
    assert (draws == resample_means(values, np.random.default_rng(5))).all()


@pytest.mark.slow
@pytest.mark.parametrize("seeds, seed_effect", [(1, 0.0), (2, 0.1), (3, 0.0), (3, 0.1), (3, 0.3), (5, 0.3)])
def test_95_percent_intervals_cover_the_truth(seeds, seed_effect):
    """1000 studies of 200 skewed episodes; the truth is 0. One seed speaks of that seed: no effect then."""
    generator = np.random.default_rng(seeds)
    hits = 0
    for _ in range(1000):
        values = study(seeds, 200, generator, seed_effect)
        _point, low, high = bootstrap_interval(values, generator, resamples=500)
        hits += bool(low[0] <= 0 <= high[0])
    assert 920 <= hits <= 980
