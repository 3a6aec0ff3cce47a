"""What is timed against each other does the same work."""

import dataclasses

import numpy as np
import pytest
import torch

from benchmarks import loading, meta_gradient, meta_test, peers, settings, updates
from benchmarks.timing import row
from metascore.networks.tensors import Params

SMALL = settings.Setting(3, 1, 2, 2, False, tasks=2)


@pytest.mark.parametrize("name", peers.gradients())
@pytest.mark.parametrize("first_order", [False, True])
def test_peers_find_our_gradient(name, first_order):
    setting = dataclasses.replace(SMALL, first_order=first_order)
    meta_gradient.check_equal(setting, {name: peers.gradients()[name]})


@pytest.mark.slow
def test_a_gradient_that_differs_is_refused():
    def theirs(*given) -> Params:
        found = peers.plain_loop(*given)
        return found | {"head.bias": (1 + 1e-8) * found["head.bias"]}

    with pytest.raises(SystemExit, match=r"theirs: head\.bias differs from ours by 1\.0e-08 of its norm"):
        meta_gradient.check_equal(SMALL, {"theirs": theirs})


@pytest.mark.parametrize("name", peers.accuracies())
def test_peers_judge_as_we_do(name):
    meta_test.check_equal(SMALL, {name: peers.accuracies()[name]})


@pytest.mark.slow
def test_a_judgement_that_differs_is_refused():
    with pytest.raises(SystemExit, match="theirs: accuracies"):
        meta_test.check_equal(SMALL, {"theirs": lambda *given: [x + 0.1 for x in peers.plain_accuracies(*given)]})


def test_the_floor_counts_each_image():
    one = settings.Setting(5, 1, 1, 1, False, tasks=1)
    forward = settings.forward_operations(5)
    assert one.operations() / forward == 9 * 5 + 3 * 5
    assert dataclasses.replace(one, first_order=True).operations() / forward == 3 * 5 + 3 * 5
    assert settings.test_operations(one) / forward == 10 * 3 * 5 + 5


def test_a_forward_pass_is_counted_by_hand():
    layers = [14 * 14 * 9 * 1 * 64, 7 * 7 * 9 * 64 * 64, 4 * 4 * 9 * 64 * 64, 2 * 2 * 9 * 64 * 64, 256 * 5]
    assert settings.forward_operations(5) == 2 * sum(layers)


def test_png_files_hold_what_an_episode_needs(tmp_path):
    episodes = loading.SETTING.episodes()
    ours = episodes.batch(np.arange(2))
    files = loading.PngFiles(tmp_path)
    theirs = updates.stacked([files.episode(row, loading.SETTING.shot) for row in episodes.rows[:2]])
    for our, their in zip(ours, theirs, strict=True):
        assert our.x.shape == their.x.shape and our.x.dtype == their.x.dtype
        assert torch.equal(our.y, their.y)
        assert 0 < their.x.mean() < 0.3 and their.x.min() >= 0 and their.x.max() <= 1


def test_a_step_moves_every_tensor_once():
    params = {"a": torch.zeros(2), "b": torch.zeros(3)}
    seen = []

    def gradient(params: Params) -> Params:
        seen.append({name: value.clone() for name, value in params.items()})
        return {name: torch.ones_like(value) for name, value in params.items()}

    step = updates.stepping(params, lambda mine: lambda: gradient(mine))
    step(), step()
    for value in seen[1].values():
        torch.testing.assert_close(value, torch.full_like(value, -updates.META_LR))
    assert all((value == 0).all() for value in params.values())


def test_rows_are_markdown():
    assert row(["a", "b"], rule=True) == ["| a | b |", "| --- | --- |"]
