"""What is timed against each other does the same arithmetic."""

import dataclasses

import numpy as np
import pytest

from benchmarks import meta_gradient, peers, settings


@pytest.mark.parametrize("name", peers.available())
@pytest.mark.parametrize("first_order", [False, True])
def test_peers_find_our_gradient(name, first_order):
    setting = settings.Setting(3, 1, 2, 2, first_order, tasks=2)
    params, episodes = setting.params(), setting.episodes()
    found = peers.available()[name](setting, params, episodes.batch(np.arange(2)))
    expected = meta_gradient.ours(setting, params, episodes, 2)
    meta_gradient.check_equal({"ours": expected, name: found})


def test_a_gradient_that_differs_is_refused():
    setting = settings.Setting(3, 1, 1, 1, False, tasks=1)
    ours = meta_gradient.ours(setting, setting.params(), setting.episodes(), 1)
    with pytest.raises(SystemExit, match=r"theirs: head\.bias differs"):
        meta_gradient.check_equal({"ours": ours, "theirs": ours | {"head.bias": 1.01 * ours["head.bias"]}})


def test_the_floor_counts_each_image():
    one = settings.Setting(5, 1, 1, 1, False, tasks=1)
    images = one.operations() / settings.forward_operations(5)
    assert images == 9 * 5 + 3 * 5
    assert dataclasses.replace(one, first_order=True).operations() / settings.forward_operations(5) == 3 * 5 + 3 * 5


def test_a_forward_pass_is_counted_by_hand():
    layers = [14 * 14 * 9 * 1 * 64, 7 * 7 * 9 * 64 * 64, 4 * 4 * 9 * 64 * 64, 2 * 2 * 9 * 64 * 64, 256 * 5]
    assert settings.forward_operations(5) == 2 * sum(layers)
