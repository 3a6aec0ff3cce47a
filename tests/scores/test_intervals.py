"""Intervals and tails: those of Student where they must be, thicker for two of them, within what is possible."""

import numpy as np
import pytest
from scipy import stats

from metascore.scoring.intervals import Error, bounded, reach, slope, tail


def error(seeds, freedom, other_seeds=0.0, other_freedom=1.0, episodes=0.0, episode_freedom=399.0):
    one, two, three, four, five = (
        np.array([float(part)]) for part in (seeds, freedom, other_seeds, other_freedom, episodes)
    )
    return Error(one, two, three, four, five, episode_freedom)


@pytest.mark.parametrize("freedom", [4, 7, 16])
@pytest.mark.parametrize("p", [0.05, 1e-3, 1e-4])
def test_one_variance_gives_students_t(freedom, p):
    distance = np.array([3 * stats.t.isf(p / 2, freedom)])
    assert tail(distance, error(9, freedom)) == pytest.approx(p, rel=0.02)


def test_episodes_alone_give_students_t_of_theirs():
    assert tail(np.array([2.0]), error(0, 1, episodes=1)) == pytest.approx(2 * stats.t.sf(2, 399))


@pytest.mark.parametrize("first, second", [((1, 4), (1, 4)), ((1, 3), (2, 9)), ((2, 16), (1, 2))])
def test_two_variances_give_the_tail_of_the_difference_of_two_of_students(first, second):
    random, draws = np.random.default_rng(0), 1_000_000
    drawn = sum(np.sqrt(variance) * random.standard_t(freedom, draws) for variance, freedom in (first, second))
    for distance in (3.0, 6.0):
        expected = (np.abs(drawn) > distance).mean()
        assert tail(np.array([distance]), error(*first, *second)) == pytest.approx(expected, rel=0.03)


def test_without_any_variance_what_is_apart_is_certain():
    distances = np.array([0.0, 1e-3])
    nothing = Error(*(np.zeros(2), np.ones(2), np.zeros(2), np.ones(2), np.zeros(2)), 9.0)
    assert tail(distances, nothing).tolist() == [1, 0]
    assert reach(nothing).tolist() == [0, 0]


def test_reach_is_where_the_tail_is_5_percent():
    for one in (error(1, 2), error(1, 4, 2, 4, 0.5), error(0, 1, episodes=3)):
        assert tail(reach(one), one) == pytest.approx(0.05, rel=1e-6)


@pytest.mark.parametrize(
    "point, lowest, highest, expected",
    [
        (0.9, 0.0, 1.0, (1 / (1 + np.exp(1) / 9), 1 / (1 + np.exp(-1) / 9))),  # log odds of 9, moved by 1 up and down
        (0.9, -np.inf, 1.0, (1 - 0.1 * np.e, 1 - 0.1 / np.e)),
        (2.0, 0.0, np.inf, (2 / np.e, 2 * np.e)),
        (5.0, -np.inf, np.inf, (4, 6)),
    ],
)
def test_ends_lie_on_the_scale_of_their_bounds(point, lowest, highest, expected):
    at = np.array([point])
    _, low, high = bounded(at, slope(at, lowest, highest), lowest, highest)
    assert (low[0], high[0]) == pytest.approx((min(expected), max(expected)))


def test_a_point_on_its_bound_has_no_width():
    interval = bounded(np.array([1.0, 0.0]), np.zeros(2), 0.0, 1.0)
    assert [end.tolist() for end in interval] == [[1, 0]] * 3
