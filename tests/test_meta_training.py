"""The training loop, on a learner so small that its every number is known."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metascore.config.recipe import Training
from metascore.errors import UserError
from metascore.learners.base import AbstractLearner, MetaLoss
from metascore.learners.protonet import ProtoNet
from metascore.problems.base import Problem
from metascore.problems.omniglot import Omniglot
from metascore.problems.sine import Sine
from metascore.randomness import generator
from metascore.store import snapshots
from metascore.training.loop import Snapshot, TrainingRun, beginning, meta_train, validation_points
from metascore.training.meta_gradient import MetaGradient
from metascore.training.order import episode_indices
from metascore.training.replay import Recorder

SINE = Sine(shot=5, query=10)
CPU = torch.device("cpu")
CHANGES: list[dict[str, Any]] = [{}, {"optimiser": "sgd"}, {"schedule": "cosine", "clip_norm": 0.5, "chunk_size": 2}]


@dataclass(frozen=True)
class Constant(AbstractLearner):
    """Predicts one number w for every x; pulled upwards for ever if `upwards`, and remembers the mean of all y."""

    problem: Problem = SINE
    upwards: bool = False
    breaks_at: float = math.inf

    def initialise(self, generator):
        return {"w": torch.full((1,), -4.0), "state.mean": torch.zeros(())}

    def meta_loss(self, params, episode, phase):
        loss = self.problem.loss(partial(self.predict, params), episode.query)
        loss = -params["w"].sum() if self.upwards else loss
        broken = loss * math.nan if phase else loss
        return MetaLoss(broken, {"state.mean": 0.9 * params["state.mean"] + 0.1 * episode.query.y.mean()})

    def phase(self, progress):
        return progress >= self.breaks_at

    def adapt(self, params, support, steps):
        yield from [params] * (steps + 1)

    def predict(self, adapted, x):
        return adapted["w"] + 0 * x


@pytest.fixture
def setting(make_episodes):
    def make(learner=None, **training) -> TrainingRun:
        learner, episodes = learner or Constant(), make_episodes("sine", shot=5, query=10, count=7)
        recipe = Training(**{"iterations": 12, "meta_batch": 3, "meta_lr": 0.1, "validations": 4} | training)
        return TrainingRun(learner, learner, episodes, episodes, recipe, seed=1)

    return make


def start(setting: TrainingRun) -> Snapshot:
    return beginning(setting.learner, generator(setting.seed), CPU)


def facts(snapshot: Snapshot) -> list:
    """All that must be the same bits in every run: everything but times."""
    rows = [{key: value for key, value in row.items() if key != "seconds"} for row in snapshot.history]
    groups = [snapshot.params, snapshot.best, snapshot.optimiser]
    tensors = ({name: value.tolist() for name, value in group.items()} for group in groups)
    return [snapshot.iteration, snapshot.best_score, rows, *tensors]


@pytest.mark.parametrize("changes", CHANGES)
def test_going_on_from_any_snapshot_gives_the_same_bits(setting, tmp_path, changes):
    run = setting(**changes)
    whole = [facts(snapshot) for snapshot in meta_train(run, start(run))]
    between = list(meta_train(run, start(run), is_time=lambda: True))
    assert [snapshot.iteration for snapshot in between] == list(range(1, 13))
    for snapshot in between:
        snapshots.save(tmp_path / "snapshot.safetensors", snapshot)
        later = meta_train(run, snapshots.load(tmp_path / "snapshot.safetensors", CPU))
        expected = [one for one in whole if one[0] > snapshot.iteration]
        assert [facts(one) for one in later] == expected


def test_the_best_tensors_are_those_of_the_best_validation_score(setting):
    run = setting(Constant(upwards=True), optimiser="sgd", meta_lr=0.8, iterations=12, validations=12)
    snapshots = list(meta_train(run, start(run)))
    weights, last = [one.params["w"].item() for one in snapshots], snapshots[-1]
    scores = [row["validation"] for row in last.history]
    best = int(np.argmin(scores))
    assert 0 < best < 11
    assert last.best["w"].item() == weights[best] and last.best_score == scores[best]


def test_the_state_and_the_history_are_what_the_episodes_give(setting):
    run = setting(iterations=1, validations=1, meta_batch=7)
    (end,) = meta_train(run, start(run))
    y = run.episodes.batch(np.arange(7)).query.y
    torch.testing.assert_close(end.params["state.mean"], 0.1 * y.mean())
    (row,) = end.history
    assert row["iteration"] == 1 and row["tasks"] == 7
    assert row["loss"] == pytest.approx((y + 4).square().mean().item(), rel=1e-5)
    assert row["validation"] == pytest.approx((y - end.params["w"]).square().mean().item(), rel=1e-5)


def test_a_loss_that_is_not_finite_is_one_line_with_its_iteration(setting):
    run = setting(Constant(breaks_at=0.5))
    with pytest.raises(UserError, match="diverged at iteration 7 ") as error:
        list(meta_train(run, start(run)))
    assert "\n" not in str(error.value)


def test_an_annealed_phase_is_one_recording(setting):
    """Its tensors change at every meta-step, and are inputs of the recording."""

    class Annealed(Constant):
        def meta_loss(self, params, episode, phase):
            return super().meta_loss(params, episode, False)._replace(value=phase * params["w"].sum())

        def phase(self, progress):
            return torch.tensor(1 - progress)

    run, recorder = setting(Annealed()), Recorder(patience=1)
    gradient = MetaGradient(run.learner, recorder=recorder)
    for progress in (0.0, 0.25, 0.5, 0.75):
        found, _, _ = gradient(start(run).params, run.episodes, np.arange(2), progress)
        assert found["w"].item() == 1 - progress
    assert len(recorder._known) == 1


def test_without_iterations_there_is_one_validated_snapshot(setting):
    run = setting(iterations=0)
    (end,) = meta_train(run, start(run))
    assert end.iteration == 0 and end.best["w"].item() == -4 and math.isfinite(end.history[0]["validation"])


def test_clipping_bounds_the_step(setting):
    run = setting(optimiser="sgd", clip_norm=0.5, meta_lr=1.0, iterations=1, validations=1)
    (end,) = meta_train(run, start(run))
    assert abs(end.params["w"].item() + 4) == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize("chunk", [1, 2, 3])
def test_the_chunk_does_not_change_the_gradient(make_episodes, chunk):
    learner, episodes = ProtoNet(problem=Omniglot(way=3, shot=2, query=3), width=3), make_episodes()
    params, index = learner.initialise(generator(0)), np.array([2, 0, 3, 1])
    whole, pieces = (MetaGradient(learner, size)(params, episodes, index, 0.0) for size in (4, chunk))
    for expected, found in ((whole[0], pieces[0]), (whole[2], pieces[2])):
        assert expected.keys() == found.keys() and expected
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert pieces[1] == pytest.approx(whole[1], rel=1e-5)


@given(st.integers(1, 30), st.integers(1, 7), st.integers(0, 99))
def test_every_epoch_visits_every_episode_once(count, meta_batch, seed):
    steps = -(-2 * count // meta_batch)
    visited = np.concatenate([episode_indices(count, seed, step, meta_batch) for step in range(steps)])
    for epoch in (visited[:count], visited[count : 2 * count]):
        assert sorted(epoch) == list(range(count))


def test_each_seed_and_each_epoch_has_an_order_of_its_own():
    orders = [tuple(episode_indices(50, seed, epoch, 50)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4 and tuple(episode_indices(50, 0, 0, 50)) == orders[0]


@given(st.integers(0, 200), st.integers(1, 50))
def test_validations_are_evenly_spread_and_end_with_the_last_iteration(iterations, validations):
    points = validation_points(Training(iterations=iterations, validations=validations))
    gaps = np.diff([0, *points])
    assert points[-1] == iterations and len(points) == max(1, min(validations, iterations))
    assert iterations == 0 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)
