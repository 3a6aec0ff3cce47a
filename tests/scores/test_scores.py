"""MetaScore and its parts, on matrices computed by hand and by their properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from metascore.problems.scale import ERROR
from metascore.scoring import scores

STEPS = 10
ACCURACIES = arrays(np.float32, (2, 5, STEPS + 1), elements=st.floats(0, 1, width=32))


def curve(*values: float) -> np.ndarray:
    """One seed and one episode."""
    return np.array(values, dtype=np.float32)[None, None]


def test_normalised_accuracy_by_hand():
    normalised = scores.accuracy(way=5).normalise(curve(0.2, 0.6, 1.0, 0.0))
    np.testing.assert_allclose(normalised[0, 0], [0, 0.5, 1, -0.25], atol=1e-7)


def test_normalised_error_by_hand_is_not_below_the_floor():
    measure = scores.measured_chance(ERROR, 0.0, np.full((2, 1, 5), 4, dtype=np.float32))
    np.testing.assert_allclose(measure.normalise(curve(0, 1, 4, 8, 400))[0, 0], [1, 0.75, 0, -1, -1])


def test_what_is_not_finite_counts_the_worst():
    """No query right of five ways is a quarter of the way from chance to perfect below it; an error can be any."""
    for measure, worst in ((scores.accuracy(5), -0.25), (scores.Measure(ERROR, 4.0, 0.0), -1)):
        np.testing.assert_allclose(measure.normalise(curve(np.nan, np.inf, -np.inf)), worst)


def test_degree_speed_and_metascore_by_hand():
    normalised = curve(0.9, 0.2, 0.4, 0.8)  # the step before adaptation does not count
    assert scores.degree(normalised) == pytest.approx(0.8)
    assert scores.speed(normalised) == pytest.approx((1.4 / 3) / 0.8)
    assert scores.metascore(normalised) == pytest.approx(100 * 1.4 / 3)


def test_metascore_is_degree_times_speed():
    normalised = scores.accuracy(5).normalise(np.random.default_rng(0).uniform(0.3, 1, (3, 20, 11)))
    assert scores.metascore(normalised) == pytest.approx(100 * scores.degree(normalised) * scores.speed(normalised))


@pytest.mark.parametrize("way", [2, 5, 20])
def test_perfect_is_100_and_chance_is_0(way):
    measure = scores.accuracy(way)
    assert scores.metascore(measure.normalise(np.ones((2, 3, 11)))) == pytest.approx(100)
    assert scores.metascore(measure.normalise(np.full((2, 3, 11), 1 / way))) == pytest.approx(0)


def test_perfect_regression_is_100_and_the_chance_error_is_0():
    measure = scores.measured_chance(ERROR, 0.0, np.array([2.0, 6.0])[None, :, None] * np.ones((1, 2, 11)))
    assert measure.chance == 4
    assert scores.metascore(measure.normalise(np.zeros((1, 2, 11)))) == 100
    assert scores.metascore(measure.normalise(np.full((1, 2, 11), 4.0))) == 0


def test_the_floor_of_an_episode_is_no_higher_than_what_chance_gets_there():
    """Errors of chance 1, 1 and 10, mean 4: it gets 0.75, 0.75 and -1.5."""
    blind = np.array([1.0, 1.0, 10.0])[None, :, None] * np.ones((2, 1, 11))
    measure = scores.measured_chance(ERROR, 0.0, blind.astype(np.float32))
    np.testing.assert_allclose(measure.normalise(blind)[0, :, 0], [0.75, 0.75, -1.5])
    assert scores.metascore(measure.normalise(blind)) == pytest.approx(0)
    for worse in (1e6, np.inf, np.nan):
        np.testing.assert_allclose(measure.normalise(np.full((1, 3, 11), worse))[0, :, 0], [-1, -1, -1.5])


def test_a_blind_learner_scores_nothing():
    """5000 episodes of 25 guesses each: 0 within 4 standard errors (an episode's is 0.08 / 0.8 = 0.1)."""
    guesses = np.random.default_rng(0).binomial(25, 0.2, (1, 5000, 1)) / 25 * np.ones(11)
    assert abs(scores.metascore(scores.accuracy(5).normalise(guesses))) < 4 * 100 * 0.1 / np.sqrt(5000)


@given(ACCURACIES, ACCURACIES)
def test_better_at_every_step_is_no_lower(first, second):
    measure = scores.accuracy(5)
    worse, better = np.minimum(first, second), np.maximum(first, second)
    assert scores.metascore(measure.normalise(worse)) <= scores.metascore(measure.normalise(better)) + 1e-9


@given(ACCURACIES)
def test_metascore_lies_within_its_range(values):
    assert -25 - 1e-4 <= scores.metascore(scores.accuracy(5).normalise(values)) <= 100


def test_a_flat_curve_has_speed_one_and_chance_has_none():
    assert scores.speed(curve(0.7, 0.7, 0.7)) == pytest.approx(1)
    assert np.isnan(scores.speed(curve(0, 0, 0)))


def test_raw_score_is_at_the_learners_own_step():
    values = curve(0.1, 0.2, 0.3, 0.4)
    assert scores.raw_scores(values, scores.accuracy(5), test_steps=1)[0, 0] == pytest.approx(0.2)
    assert scores.raw_scores(values, scores.accuracy(5), test_steps=50)[0, 0] == pytest.approx(0.4)


def test_a_diverged_episode_is_wrong_or_infinitely_off():
    broken = curve(0.5, np.nan)
    assert scores.raw_scores(broken, scores.accuracy(5), 1)[0, 0] == 0
    assert scores.raw_scores(broken, scores.Measure(ERROR, 4.0, 0.0), 1)[0, 0] == np.inf
    assert scores.diverged(broken).all() and not scores.diverged(curve(0.5, 0.5)).any()
