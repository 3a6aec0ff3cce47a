"""What episodes have in common through their classes."""

import numpy as np
import pytest

from metascore.scoring.classes import in_common, shared_by_classes


def test_classes_in_common_by_hand():
    assert in_common(np.array([[7, 9], [9, 7], [7, 3]])).tolist() == [[0, 2, 1], [2, 0, 1], [1, 1, 0]]


def test_what_classes_explain_is_found_and_nothing_else():
    """Of 100 classes, each episode has five; the variance of a mean over new classes is that of sums of n(c) u(c)."""
    random = np.random.default_rng(0)
    classes = np.stack([random.choice(100, 5, replace=False) for _ in range(200)])
    effects = random.standard_normal((300, 100))
    of_classes = effects[:, classes].sum(axis=2)
    counts = np.bincount(classes.ravel(), minlength=100)
    expected = (counts * (counts - 1)).sum() / 200**2
    found = shared_by_classes(of_classes + random.standard_normal((300, 200)), classes)
    assert found.mean() == pytest.approx(expected, rel=0.1)
    assert shared_by_classes(random.standard_normal((300, 200)), classes).mean() < 0.1 * expected
