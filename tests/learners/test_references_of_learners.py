"""Learners against examples worked by hand, against each other where they coincide, and against torch.optim."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from gradients import assert_equals_finite_differences, disturbed, meta_gradient, started
from torch.func import grad

from metascore.learners import mann
from metascore.learners.base import last, learned
from metascore.learners.lstm_meta import LSTMMetaLearner
from metascore.learners.maml import MAML
from metascore.learners.mamlpp import MAMLPlusPlus
from metascore.learners.matching import MatchingNet
from metascore.learners.r2d2 import R2D2
from metascore.learners.reptile import Reptile
from metascore.problems.base import Problem
from metascore.problems.examples import Episode, Examples
from metascore.problems.omniglot import Omniglot
from metascore.problems.sine import Sine

ALPHA = 0.1
IMAGES = Omniglot(way=3, shot=2, query=2, num_classes=30)
WAVES = Sine(shot=2, query=2)


@pytest.fixture
def episode(make_episodes, float64) -> Episode:
    return float64(_first(make_episodes(way=3, shot=2, query=2, count=1)))


@pytest.fixture
def wave(make_episodes, float64) -> Episode:
    return float64(_first(make_episodes("sine")))


def _first(episodes) -> Episode:
    batch = episodes.batch(np.arange(1))
    return Episode(*(Examples(*(value[0] for value in part)) for part in batch))


class TwoPixels:
    """An encoder that returns an image's first two pixels."""

    features = 2

    def embed(self, params, x, given=None):
        return x[:, 0, :2, 0], {}


def points(places, classes) -> Examples:
    x = torch.zeros(len(places), 28, 28, 1)
    x[:, 0, :2, 0] = torch.tensor(places, dtype=x.dtype)
    return Examples(x, torch.tensor(classes), torch.zeros(len(places), dtype=torch.int64))


def test_matching_by_hand(float64):
    """The query (1, 0) has cosine 1 with (2, 0), 0 with (0, 3), 0.6 with (3, 4): a = exp(c / 0.5) / their sum."""
    learner = MatchingNet(Omniglot(way=2, shot=1, query=1), width=1, temperature=0.5)
    vars(learner)["encoder"] = TwoPixels()
    support, query = points([(2, 0), (0, 3), (3, 4)], [0, 1, 1]), points([(1, 0)], [0])
    found = learner.predict(last(learner.adapt({}, support, 0)), query.x).softmax(1)
    first = math.exp(2) / (math.exp(2) + math.exp(0) + math.exp(1.2))
    torch.testing.assert_close(found, torch.tensor([[first, 1 - first]]))


def test_r2d2_is_ridge_regression(float64):
    """Weights are those of the normal equations, one for each feature, whatever the number of images."""
    random, penalty, scale = np.random.default_rng(0), 0.3, 7.0
    learner = R2D2(Omniglot(way=2, shot=2, query=2), width=1)
    vars(learner)["encoder"] = TwoPixels()
    head = {"log_penalty": torch.tensor(penalty).log(), "log_scale": torch.tensor(scale).log()}
    known, asked = random.normal(size=(4, 2)), random.normal(size=(4, 2))
    support, query = points(known.tolist(), [0, 1, 1, 0]), points(asked.tolist(), [1, 0, 0, 1])
    logits = scale * _regressed(known, np.eye(2)[support.y], penalty, asked)
    found = learner.predict(last(learner.adapt(head, support, 0)), query.x)
    torch.testing.assert_close(found, torch.from_numpy(logits))
    loss = learner.meta_loss(head, Episode(support, query), learner.phase(0.0)).value
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(torch.from_numpy(logits), query.y))


def _regressed(x, y, penalty, asked):
    """Answers of ridge regression: w = (X^T X / n + penalty I)^-1 X^T y / n, with a constant feature."""
    x, asked = (np.column_stack([points, np.ones(len(points))]) for points in (x, asked))
    return asked @ np.linalg.solve(x.T @ x / len(x) + penalty * np.eye(3), x.T @ y / len(x))


def test_mann_writes_where_it_read_and_to_the_least_used_row(float64):
    """Row 1 is used least: it is emptied, and gets 1 - gate of the key; row 0, just read, gets gate of it."""
    memory = torch.tensor([[1.0, 1.0], [5.0, 5.0], [2.0, 0.0]])
    key, gate = torch.tensor([[0.5, -1.0]]), torch.tensor([0.25])
    read, usage = torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([0.9, 0.1, 0.4])
    found, writing = mann.write(memory, key, gate, read, usage)
    torch.testing.assert_close(writing, torch.tensor([[0.25, 0.75, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[1.125, 0.75], [0.375, -0.75], [2.0, 0.0]]))


def test_mann_reads_by_cosine(float64):
    memory, key = torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([[3.0, 4.0]])
    expected = torch.tensor([[0.6, 0.8]]).mul(5).softmax(1)
    torch.testing.assert_close(mann.address(memory, key, torch.tensor([5.0])), expected)


def test_reptile_moves_towards_where_adam_ends(episode):
    """The meta-gradient is theta - theta_k, with theta_k from torch.optim.Adam with beta1 = 0."""
    learner = Reptile(
        IMAGES, width=3, inner_lr=0.01, train_updates=4, train_batch=3, updates_per_step=1, test_batch=3,
        test_steps=1, transductive=True,
    )  # fmt: skip
    params = started(learner)
    theta = {name: value.clone().requires_grad_() for name, value in learned(params).items()}
    adam = torch.optim.Adam(theta.values(), lr=0.01, betas=(0.0, 0.999), eps=1e-8)
    for batch in ([0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5]):
        adam.zero_grad()
        IMAGES.loss(partial(learner.network, theta), Examples(*(value[batch] for value in episode.support))).backward()
        adam.step()
    found = meta_gradient(learner, params, episode)
    for name, value in theta.items():
        torch.testing.assert_close(found[name], params[name] - value.detach(), rtol=1e-6, atol=1e-9)


def test_lstm_with_open_gates_is_gradient_descent(episode):
    """W = 0, f = 1 and i = alpha."""
    learner = LSTMMetaLearner(IMAGES, width=3, train_steps=3, test_steps=3, units=0)
    params = started(learner)
    for name, bias in (("input", math.log(ALPHA / (1 - ALPHA))), ("forget", 100.0)):
        zero = torch.zeros_like(params[f"{name}.weight"])
        params |= {f"{name}.weight": zero, f"{name}.bias": torch.tensor(bias, dtype=torch.float64)}
    theta = {name: params[name] for name in learner.names}
    for _ in range(3):
        slopes = grad(lambda theta: IMAGES.loss(partial(learner.network, theta), episode.support))(theta)
        theta = {name: value - ALPHA * slopes[name] for name, value in theta.items()}
    found = learner._named(last(learner.adapt(params, episode.support, 3)))
    for name, value in theta.items():
        torch.testing.assert_close(found[name], value)


def test_lstm_learns_through_the_statistics_of_the_support_set(episode):
    """They normalise the queries, and depend on theta_0 as well; without a step nothing is cut off."""
    learner = LSTMMetaLearner(IMAGES, width=3, train_steps=0, test_steps=0, units=0)
    assert_equals_finite_differences(learner, disturbed(started(learner)), episode)


def switched_off(problem: Problem, steps: int) -> MAMLPlusPlus:
    return MAMLPlusPlus(
        problem, width=3, downsample="stride", inner_lr=ALPHA, train_steps=steps, test_steps=steps, learn_rates=False,
        multi_step_share=0.0, first_order_share=0.0, norm_per_step=False,
    )  # fmt: skip


def maml(problem: Problem, steps: int) -> MAML:
    return MAML(problem, width=3, downsample="stride", inner_lr=ALPHA, train_steps=steps, test_steps=steps)


@pytest.mark.parametrize("steps", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_mamlpp_without_its_parts_is_maml(episode, steps):
    plain, plus = maml(IMAGES, steps), switched_off(IMAGES, steps)
    params = started(plain)
    for name, value in meta_gradient(plain, params, episode).items():
        torch.testing.assert_close(meta_gradient(plus, params, episode)[name], value)


def test_mamlpp_first_order_is_the_gradient_of_fomaml(episode):
    plus = replace(switched_off(IMAGES, 2), first_order_share=0.5)
    first = MAML(IMAGES, width=3, downsample="stride", inner_lr=ALPHA, train_steps=2, test_steps=2, first_order=True)
    params = started(first)
    for progress, learner in ((0.0, first), (0.9, maml(IMAGES, 2))):
        expected = meta_gradient(learner, params, episode)
        for name, value in meta_gradient(plus, params, episode, progress).items():
            torch.testing.assert_close(value, expected[name])


def test_mamlpp_takes_each_step_at_its_own_rate(wave):
    plus = MAMLPlusPlus(WAVES, width=3, inner_lr=ALPHA, train_steps=3, test_steps=3)
    params = started(plus)
    theta = {name: params[name] for name in params if not name.startswith("rate.")}
    rates = {name: torch.tensor([0.1, 0.2, 0.3]) for name in theta}
    found = last(plus.adapt(params | {f"rate.{name}": value for name, value in rates.items()}, wave.support, 3))
    for rate in (0.1, 0.2, 0.3):
        slopes = grad(lambda theta: WAVES.loss(partial(plus.network, theta), wave.support))(theta)
        theta = {name: value - rate * slopes[name] for name, value in theta.items()}
    for name, value in theta.items():
        torch.testing.assert_close(found.params[name], value)


@pytest.mark.parametrize("steps", [1, 3])
def test_meta_gradient_on_waves_equals_finite_differences(wave, steps):
    learner = maml(WAVES, steps)
    assert_equals_finite_differences(learner, disturbed(started(learner)), wave)
