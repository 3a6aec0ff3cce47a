"""Variances: taken apart as they were put together, and shrunk towards each other as far as they are alike."""

import numpy as np
import pytest

from metascore.scoring.variances import learned, mean_error, model, paired_error, sample


def values(learners, seeds, episodes, by_seed, noise, seed=0):
    random = np.random.default_rng(seed)
    effects = np.broadcast_to(by_seed, learners)[:, None, None] * random.standard_normal((learners, seeds, 1))
    shared = random.standard_normal(episodes)
    return 0.5 + effects + shared + noise * random.standard_normal((learners, seeds, episodes))


def test_taken_apart_by_hand():
    """Seeds differ by 2 on all episodes, episodes by 4 and 8 for both seeds, and nothing else."""
    one = sample(np.array([[[1.0, 5.0, 9.0], [3.0, 7.0, 11.0]]]))
    assert one.mean.tolist() == [6] and one.between.tolist() == [2] and one.noise.tolist() == [0]
    assert one.shared.tolist() == [[pytest.approx(16 / 3)]]


def test_noise_is_what_seeds_and_episodes_do_not_explain():
    one = sample(values(200, 3, 50, by_seed=0, noise=2))
    assert one.noise.mean() == pytest.approx(4 / 50, rel=0.03)
    assert one.between.mean() == pytest.approx(4 / 50, rel=0.15)
    assert one.shared[0, 1:].mean() == pytest.approx(np.diag(one.shared).mean(), rel=0.1)


def test_seeds_that_never_differ_have_no_error_whatever_the_others_do():
    drawn = values(5, 3, 50, by_seed=1, noise=0.1)
    drawn[0] = drawn[0, :1]
    error = mean_error(model(drawn, np.ones(5)))
    assert error.seeds[0] == 0 and (error.seeds[1:] > 0).all()


def test_variances_that_are_alike_are_shrunk_and_unlike_ones_less():
    alike = learned(sample(values(18, 3, 100, by_seed=1, noise=1)), np.ones(18))
    unlike = learned(sample(values(18, 3, 100, by_seed=np.geomspace(0.1, 3, 18), noise=1)), np.ones(18))
    assert unlike.weight < alike.weight
    assert alike.kappa == pytest.approx(1, rel=0.5)


def test_the_scale_makes_seeds_near_the_ceiling_comparable():
    """Spreads of 1 and 0.1 are one and the same where slopes are."""
    slope = np.repeat([1.0, 0.1], 30)
    drawn = values(60, 3, 100, by_seed=slope, noise=1e-3)
    scaled, plain = (learned(sample(drawn), one) for one in (slope, np.ones(60)))
    assert scaled.weight > 2 * plain.weight


def test_one_learner_has_its_own_variance_and_degrees_of_freedom():
    drawn = values(1, 4, 50, by_seed=1, noise=0.1)
    error = mean_error(model(drawn, np.ones(1)))
    assert error.seeds == pytest.approx(drawn.mean(axis=2).var(ddof=1) / 4) and error.freedom.tolist() == [3]


def test_one_seed_has_the_error_of_its_episodes():
    drawn = values(2, 1, 50, by_seed=1, noise=1)
    error = mean_error(model(drawn, np.ones(2)))
    assert error.seeds.tolist() == [0, 0]
    assert error.episodes == pytest.approx(drawn[:, 0].var(axis=1, ddof=1) / 50)


def test_paired_seeds_cancel():
    drawn = values(2, 3, 100, by_seed=1, noise=0.1)
    drawn[1] = drawn[0] + 0.01 * np.random.default_rng(1).standard_normal((3, 100))
    both = model(drawn, np.ones(2))
    paired = paired_error(drawn[0] - drawn[1], both.excess([0, 1]), both.prior)
    assert paired.variance[0] < 0.01 * mean_error(both).variance.sum()
