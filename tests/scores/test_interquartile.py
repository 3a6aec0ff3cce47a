"""The interquartile mean and its interval, also where most episodes are perfect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.studies import QUERIES, Setting
from metascore.scoring.interquartile import interquartile_means
from metascore.scoring.intervals import slope
from metascore.scoring.variances import model

UNIT = (0.0, 1.0)
ERROR = (-np.inf, 1.0)
ANY = (-np.inf, np.inf)


def interval_of(values, possible=UNIT):
    bound = None if possible == ANY else slope(values.mean(axis=(1, 2)), *possible)
    return interquartile_means(values, possible, model(values, bound))


def test_by_hand():
    values = np.array([[[0, 1, 2, 3], [4, 5, 6, 1000]]], dtype=float)
    interval = interval_of(values, ANY)
    assert interval.point == pytest.approx((2 + 3 + 4 + 5) / 4)
    assert interval.low < interval.point < interval.high


def test_learners_that_are_all_but_perfect_make_no_other_interval_wide():
    """Whose seeds differ at all next to the bound would lend the others a spread of any size."""
    random, setting = np.random.default_rng(0), Setting(3, "equal", np.full(18, 0.7))
    values = setting.draw(setting.effects(random), random)
    among_equals = interval_of(values)
    values[-3:] = 1
    for seed, failed in enumerate([100, 124, 88]):
        values[-3:, seed, :failed] = 1 - 1 / QUERIES
    point, low, high = interval_of(values)
    assert (point[-3:] > 0.999).all() and (point[-3:] < 1).all()
    assert (high - low)[-3:].max() < 0.02
    assert (high - low)[:-3].max() < 1.5 * (among_equals.high - among_equals.low).max()


def test_where_a_quarter_of_the_episodes_fail_the_interval_is_not_a_point():
    """This sample's quartile is perfect; of others it is not."""
    episodes = np.ones((1, 3, 400))
    episodes[..., :97] = 1 - 1 / QUERIES
    point, low, high = interval_of(episodes)
    assert point == high == 1
    assert 0.99 < low < 1


@given(
    st.lists(st.floats(0, 1), min_size=6, max_size=6),
    st.sampled_from([UNIT, (-0.25, 1.0), ERROR]),
    st.integers(0, 3),
)
def test_ends_lie_about_the_point_and_within_what_is_possible(drawn, possible, perfect):
    values = np.array(drawn).reshape(1, 2, 3)
    values[..., :perfect] = 1
    point, low, high = interval_of(np.concatenate([values, 1 - values]), possible)
    assert (low <= point).all() and (point <= high).all()
    assert (low >= possible[0]).all() and (high <= 1).all()
