"""Fingerprints: which steps leave one, and that each bit of a tensor and each score changes them."""

import math

import numpy as np
import pytest
import torch

from metascore.config.recipe import Training
from metascore.learners.protonet import ProtoNet
from metascore.problems.omniglot import Omniglot
from metascore.randomness import generator
from metascore.store import snapshots
from metascore.training import fingerprints
from metascore.training.loop import Snapshot, TrainingRun, beginning, meta_train

CPU = torch.device("cpu")
TENSORS = {"a": torch.tensor([3.0, 0.0]), "state.b": torch.tensor([[4.0]])}


@pytest.fixture
def setting(make_episodes):
    def make(seed: int = 0, **training) -> TrainingRun:
        learner = ProtoNet(problem=Omniglot(way=3, shot=2, query=3), width=3)
        recipe = Training(**{"iterations": 5, "meta_batch": 2, "validations": 1} | training)
        return TrainingRun(learner, learner, make_episodes(), make_episodes(count=9), recipe, seed)

    return make


def start(run: TrainingRun) -> Snapshot:
    return beginning(run.learner, generator(run.seed), CPU)


def end(run: TrainingRun) -> Snapshot:
    return list(meta_train(run, start(run)))[-1]


def test_marks_are_powers_of_two_within_the_training():
    assert fingerprints.marks(1000) == [0, 1, 2, 4, 8, 16, 32, 64]
    assert fingerprints.marks(5) == [0, 1, 2, 4] and fingerprints.marks(0) == [0]


def test_each_mark_has_the_digest_of_its_tensors_and_the_last_one_has_scores(setting):
    run = setting(iterations=4, validations=4)
    snapshots_of_steps = list(meta_train(run, start(run)))
    prints = snapshots_of_steps[-1].fingerprints
    assert list(prints) == ["0", "1", "2", "4"]
    for snapshot in snapshots_of_steps:
        if str(snapshot.iteration) in prints:
            expected = fingerprints.of_tensors(snapshot.params)
            assert {key: prints[str(snapshot.iteration)][key] for key in expected} == expected
    assert "loss" not in prints["0"] and all(math.isfinite(prints[mark]["loss"]) for mark in ("1", "2", "4"))
    assert [mark for mark in prints if "scores" in prints[mark]] == ["4"]
    assert len(prints["4"]["scores"]) == fingerprints.EPISODES


def test_a_training_without_steps_has_that_of_its_beginning(setting):
    prints = end(setting(iterations=0)).fingerprints
    assert list(prints) == ["0"] and len(prints["0"]["scores"]) == fingerprints.EPISODES


def test_other_seeds_have_others_and_the_same_seed_has_the_same(setting):
    assert end(setting()).fingerprints == end(setting()).fingerprints
    assert end(setting()).fingerprints.keys() == end(setting(seed=1)).fingerprints.keys()
    assert end(setting()).fingerprints["0"] != end(setting(seed=1)).fingerprints["0"]


def test_a_training_that_goes_on_from_a_file_has_the_same(setting, tmp_path):
    run = setting()
    expected = end(run).fingerprints
    for snapshot in meta_train(run, start(run), is_time=lambda: True):
        snapshots.save(tmp_path / "snapshot", snapshot)
        again = list(meta_train(run, snapshots.load(tmp_path / "snapshot", CPU)))
        assert (again or [snapshot])[-1].fingerprints == expected


@pytest.mark.parametrize(
    "other",
    [
        TENSORS | {"a": torch.tensor([np.nextafter(np.float32(3), np.float32(4)), 0.0])},
        TENSORS | {"a": torch.tensor([3.0, -0.0])},
        TENSORS | {"a": torch.tensor([[3.0, 0.0]])},
        TENSORS | {"a": torch.tensor([3.0, 0.0], dtype=torch.float64)},
        {"c": TENSORS["a"], "state.b": TENSORS["state.b"]},
        {"a": TENSORS["a"]},
    ],
)
def test_a_bit_a_shape_a_type_or_a_name_changes_the_digest(other):
    assert fingerprints.of_tensors(other)["tensors"] != fingerprints.of_tensors(TENSORS)["tensors"]


def test_order_and_layout_do_not_change_it_and_the_norm_is_euclidean():
    turned = {name: TENSORS[name] for name in reversed(TENSORS)}
    assert fingerprints.of_tensors(turned) == fingerprints.of_tensors(TENSORS)
    assert fingerprints.of_tensors(TENSORS)["norm"] == 5.0
    assert fingerprints.of_tensors({"a": torch.tensor(math.inf)})["norm"] is None
