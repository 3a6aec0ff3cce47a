"""Pairs of learners: tests, Holm's correction, ranks, probability of improvement."""

import numpy as np
import pytest

from metascore.scoring.comparisons import (
    compare_pairs,
    holm,
    paired_p_values,
    probability_of_improvement,
    ranks,
    two_sided,
)


def symmetric(pairs, size, fill):
    matrix = np.full((size, size), fill)
    for (a, b), value in pairs.items():
        matrix[a, b] = matrix[b, a] = value
    return matrix


def test_holm_by_hand():
    """The smallest of three times 3, the next times 2, the last as it is, and none below the one before it."""
    p_values = symmetric({(0, 1): 0.03, (0, 2): 0.01, (1, 2): 0.035}, 3, 1.0)
    expected = symmetric({(0, 1): 0.06, (0, 2): 0.03, (1, 2): 0.06}, 3, 1.0)
    np.testing.assert_allclose(holm(p_values), expected)


def test_two_sided_by_hand():
    """Of four draws one, none, two and all four are on the rarer side of zero or on it."""
    draws = np.array([[-1.0, 1, -1, 0], [1, 1, -1, 0], [1, 2, 1, 0], [1, 3, 1, 0]])
    np.testing.assert_allclose(two_sided(draws), [0.8, 0.4, 1, 1])


def test_holm_rejects_what_bonferroni_keeps():
    """0.01 < 0.05/3 and 0.02 < 0.05/2 are rejected, 0.2 is not; Bonferroni's 0.05/3 would keep 0.02."""
    p_values = symmetric({(0, 1): 0.01, (0, 2): 0.02, (1, 2): 0.2}, 3, 1.0)
    expected = symmetric({(0, 1): True, (0, 2): True}, 3, False)
    assert ((holm(p_values) <= 0.05) == expected).all()


def test_ranks_by_hand():
    """B is not told from A, C is not told from B but from A, D is told from all."""
    different = symmetric({(0, 2): True, (0, 3): True, (1, 3): True, (2, 3): True}, 4, False)
    assert ranks(np.array([0.9, 0.8, 0.7, 0.1]), different) == [1, 1, 3, 4]


def test_ranks_follow_the_means_in_any_order():
    different = ~np.eye(3, dtype=bool)
    assert ranks(np.array([0.1, 0.9, 0.5]), different) == [3, 1, 2]


def test_one_learner_alone_has_rank_one():
    p_values = paired_p_values(np.random.default_rng(0).uniform(size=(1, 2, 5)), np.random.default_rng(0))
    assert ranks(np.array([0.5]), holm(p_values) <= 0.05) == [1]


def test_identical_learners_are_not_told_apart_and_distant_ones_are():
    generator = np.random.default_rng(0)
    base = generator.uniform(size=(1, 200))
    values = np.stack([base, base, base + 0.2 + 0.1 * generator.standard_normal(base.shape)])
    p_values = paired_p_values(values, np.random.default_rng(1))
    assert p_values[0, 1] == 1
    assert p_values[0, 2] == pytest.approx(1e-4, rel=0.01)


def test_pairing_sees_a_small_difference_that_the_spread_of_episodes_hides():
    generator = np.random.default_rng(0)
    base = 10 * generator.standard_normal((1, 300))
    values = np.stack([base, base + 0.1 + 0.1 * generator.standard_normal(base.shape)])
    assert paired_p_values(values, np.random.default_rng(1))[0, 1] < 0.001


def test_p_values_are_uniform_where_nothing_differs():
    generator = np.random.default_rng(0)
    values = [generator.standard_normal((2, 1, 50)) for _ in range(300)]
    p_values = [paired_p_values(one, generator, resamples=300)[0, 1] for one in values]
    assert 0.02 <= np.mean(np.array(p_values) < 0.05) <= 0.09


def test_probability_of_improvement_by_hand():
    """On four episodes the first wins two, ties one and loses one."""
    values = np.array([[[1.0, 2, 3, 4]], [[0, 2, 4, 1]]])
    point, low, high = probability_of_improvement(values, np.random.default_rng(0))
    np.testing.assert_allclose(point, [[0.5, 0.625], [0.375, 0.5]])
    assert 0 <= low[0, 1] < point[0, 1] < high[0, 1] <= 1
    np.testing.assert_allclose([low[1, 0], high[1, 0]], [1 - high[0, 1], 1 - low[0, 1]])
    assert low[0, 0] == high[0, 0] == 0.5  # nobody beats itself


def test_pairs_agree_about_who_is_better():
    base = np.random.default_rng(0).uniform(size=(2, 100))
    pairs = compare_pairs(np.stack([base, base + 0.1, base]), np.random.default_rng(1))
    assert (pairs.different == symmetric({(0, 1): True, (1, 2): True}, 3, False)).all()
    assert pairs.improvement.point[1].tolist() == [1, 0.5, 1] and pairs.improvement.point[0, 2] == 0.5
    assert pairs.p_values[0, 2] == 1 and pairs.p_values[0, 1] == pytest.approx(3e-4, rel=0.01)
