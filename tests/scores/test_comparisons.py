"""Pairs of learners: tests, Holm's correction, ranks, probability of improvement."""

import numpy as np
import pytest

from metascore.comparisons import holm, paired_p_values, probability_of_improvement, ranks


def symmetric(pairs, size, fill):
    matrix = np.full((size, size), fill)
    for (a, b), value in pairs.items():
        matrix[a, b] = matrix[b, a] = value
    return matrix


def test_holm_by_hand():
    """0.01 < 0.05/3 and 0.02 < 0.05/2 are rejected, 0.2 is not; Bonferroni's 0.05/3 would keep 0.02."""
    p_values = symmetric({(0, 1): 0.01, (0, 2): 0.02, (1, 2): 0.2}, 3, 1.0)
    expected = symmetric({(0, 1): True, (0, 2): True}, 3, False)
    assert (holm(p_values) == expected).all()


def test_ranks_by_hand():
    """B is not told from A, C is not told from B but from A, D is told from all."""
    different = symmetric({(0, 2): True, (0, 3): True, (1, 3): True, (2, 3): True}, 4, False)
    assert ranks(np.array([0.9, 0.8, 0.7, 0.1]), different) == [1, 1, 3, 4]


def test_ranks_follow_the_means_in_any_order():
    different = ~np.eye(3, dtype=bool)
    assert ranks(np.array([0.1, 0.9, 0.5]), different) == [3, 1, 2]


def test_one_learner_alone_has_rank_one():
    p_values = paired_p_values(np.random.default_rng(0).uniform(size=(1, 2, 5)), np.random.default_rng(0))
    assert ranks(np.array([0.5]), holm(p_values)) == [1]


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
    values = np.array([[[1.0, 2, 3, 4]], [[0, 2, 4, 1]]])
    np.testing.assert_allclose(probability_of_improvement(values), [[0.5, 0.625], [0.375, 0.5]])
