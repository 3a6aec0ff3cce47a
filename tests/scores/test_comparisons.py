"""Pairs of learners: tests, their correction, ranks, probability of improvement."""

import numpy as np
import pytest

from metascore.scoring.comparisons import compare_pairs, corrected, holm, improvement, ranks, still_possible
from metascore.scoring.variances import model


def symmetric(pairs, size, fill):
    matrix = np.full((size, size), fill)
    for (a, b), value in pairs.items():
        matrix[a, b] = matrix[b, a] = value
    return matrix


def compare(values, same_training=()):
    return compare_pairs(values, model(values, np.ones(len(values))), same_training)


def test_holm_by_hand():
    """The smallest of three times 3, the next times 2, the last as it is, and none below the one before it."""
    np.testing.assert_allclose(holm(np.array([0.03, 0.01, 0.035])), [0.06, 0.03, 0.06])
    assert holm(np.array([])).tolist() == []


def test_how_many_equalities_can_be_true_by_hand():
    """Of four learners: 6 if all are equal, 3 if three are, 2 if two and two, 1 if two, or none (Shaffer 1986)."""
    assert still_possible(6).tolist() == [6, 3, 3, 3, 2, 1]
    assert still_possible(153)[:2].tolist() == [153, 136]


def test_correction_by_hand():
    """Of three learners, once one pair differs at most one other pair can be equal."""
    np.testing.assert_allclose(corrected(np.array([0.04, 0.01, 0.045])), [0.04, 0.03, 0.045])
    np.testing.assert_allclose(corrected(np.array([0.02, 0.03, 0.9])), [0.06, 0.06, 0.9])


def test_ranks_by_hand():
    """B is not told from A, C is not told from B but from A, D is told from all."""
    different = symmetric({(0, 2): True, (0, 3): True, (1, 3): True, (2, 3): True}, 4, False)
    low, high = ranks(np.array([0.9, 0.8, 0.7, 0.1]), different)
    assert low.tolist() == [1, 1, 2, 4] and high.tolist() == [2, 3, 3, 4]


def test_ranks_follow_the_means_in_any_order():
    low, high = ranks(np.array([0.1, 0.9, 0.5]), ~np.eye(3, dtype=bool))
    assert low.tolist() == high.tolist() == [3, 1, 2]


def test_one_learner_alone_has_rank_one():
    values = np.random.default_rng(0).uniform(size=(1, 2, 5))
    assert [end.tolist() for end in ranks(values.mean(axis=(1, 2)), compare(values).different)] == [[1], [1]]


def test_a_newcomer_moves_others_by_its_own_place_only():
    random = np.random.default_rng(0)
    levels = np.array([0.9, 0.8, 0.79, 0.5])[:, None, None]
    values = levels + 0.01 * random.standard_normal((4, 3, 1)) + 0.1 * random.standard_normal((4, 3, 200))
    whole, without = compare(values), compare(values[[0, 2, 3]])
    assert (whole.different[np.ix_([0, 2, 3], [0, 2, 3])] == without.different).all()


def test_identical_learners_are_not_told_apart_and_distant_ones_are():
    random = np.random.default_rng(0)
    base = random.uniform(size=(3, 200)) + 0.01 * random.standard_normal((3, 1))
    pairs = compare(np.stack([base, base, base + 0.3 + 0.01 * random.standard_normal((3, 1))]))
    assert pairs.p_values[0, 1] == 1 and pairs.p_values[0, 2] < 0.01
    assert (pairs.different == symmetric({(0, 2): True, (1, 2): True}, 3, False)).all()
    point, low, high = (end[2, 0] for end in pairs.difference)
    assert low < point < high and low > 0 and point == pytest.approx(0.3, abs=0.03)


def test_pairing_sees_a_small_difference_that_the_spread_of_episodes_hides():
    random = np.random.default_rng(0)
    base = 10 * random.standard_normal(300) + 0.001 * random.standard_normal((3, 1))
    values = np.stack([base, base + 0.1 + 0.1 * random.standard_normal(300)])
    assert compare(values).p_values[0, 1] < 0.001


def test_learners_of_the_same_training_are_paired_by_seed():
    random = np.random.default_rng(0)
    seeds = 0.1 * random.standard_normal((3, 3, 1))
    values = 0.5 + seeds + 0.05 * random.standard_normal((3, 3, 200))
    values[1] = values[0] + 0.02 + 0.005 * random.standard_normal((3, 200))
    assert compare(values).p_values[0, 1] > 0.05
    assert compare(values, [(1, 0)]).p_values[0, 1] < 0.05


@pytest.mark.slow
def test_p_values_are_small_as_often_as_they_say_where_nothing_differs():
    random = np.random.default_rng(0)
    found = [compare(random.standard_normal((2, 3, 50))).p_values[0, 1] for _ in range(500)]
    assert np.mean(np.array(found) < 0.05) <= 0.07


def test_probability_of_improvement_by_hand():
    """On four episodes the first wins two, ties one and loses one."""
    values = np.array([[[1.0, 2, 3, 4]], [[0, 2, 4, 1]]])
    point, low, high = improvement(values)
    np.testing.assert_allclose(point, [[0.5, 0.625], [0.375, 0.5]])
    assert 0 <= low[0, 1] < point[0, 1] < high[0, 1] <= 1
    np.testing.assert_allclose([low[1, 0], high[1, 0]], [1 - high[0, 1], 1 - low[0, 1]])


def test_improvement_compares_all_seeds_with_all():
    point = improvement(np.array([[[1.0], [3.0]], [[2.0], [0.0]]]).repeat(2, axis=2)).point
    assert point[0, 1] == 0.75
