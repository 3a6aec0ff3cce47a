"""Episodes whose support labels say nothing, and what learners make of them."""

import numpy as np
import pytest
import torch

from metascore.errors import UserError
from metascore.learners.chance import Chance
from metascore.learners.pixel_knn import PixelKNN
from metascore.problems.omniglot import Omniglot
from metascore.problems.sine import Sine
from metascore.problems.supervised import PermutedLabels
from metascore.scoring import controls
from metascore.training.evaluation import final_score, measured
from metascore.training.label_permutation import label_permutation_control
from metascore.training.replay import Recorder

WAY, SHOT, COUNT = 5, 2, 60


@pytest.fixture
def episodes(make_episodes):
    return make_episodes("omniglot", way=WAY, shot=SHOT, query=3, count=COUNT)


@pytest.fixture
def learner(episodes):
    """Nearest neighbour on pixels: it needs no training to be good, and goes by nothing but the labels."""
    return PixelKNN(Omniglot(way=WAY, shot=SHOT, query=3))


def scored(scores, problem):
    controls.check_label_permutation(scores, WAY, problem.chance, problem.guessing, "culprit")


def test_in_a_round_each_class_has_each_label_once_and_nothing_else_changes(episodes):
    index = np.arange(WAY)
    (support, query), (own, own_query) = PermutedLabels(episodes, WAY).batch(index), episodes.batch(index)
    for episode in index:
        classes = [own.class_id[episode].tolist().index(one) for one in support.class_id[episode].tolist()]
        assert classes == [(place - episode) % WAY for place in range(WAY)] * SHOT
        assert sorted(support.x[episode].flatten(1).sum(1)) == sorted(own.x[episode].flatten(1).sum(1))
    assert torch.equal(support.y, own.y) and all(map(torch.equal, query, own_query))


def test_a_real_learner_falls_to_chance(learner, episodes):
    scores = label_permutation_control(learner, {}, episodes, None, Recorder())["misled"]
    assert scores.shape == (50,) and abs(scores.mean() - 1 / WAY) < 0.08
    scored(scores, learner.problem)


def test_the_control_is_red_where_labels_still_say_something(learner, episodes):
    right = measured(final_score, learner, {}, episodes, count=50)
    with pytest.raises(UserError, match="permuted support labels"):
        scored(right, learner.problem)


def test_the_control_is_red_where_something_else_tells_the_classes(learner, episodes):
    """Queries come in the order of their classes; whoever looks at it needs no support set."""

    class Peeking(PixelKNN):
        def predict(self, adapted, x):
            return torch.eye(WAY).repeat(len(x) // WAY, 1)

    scores = label_permutation_control(Peeking(learner.problem), {}, episodes, None, Recorder())["misled"]
    with pytest.raises(UserError, match=r"scores 1\.0000, not 0\.2000"):
        scored(scores, learner.problem)


@pytest.mark.parametrize("count, left", [(3, 0), (7, 5)])
def test_few_episodes_leave_whole_rounds(learner, make_episodes, count, left):
    few = make_episodes("omniglot", way=WAY, shot=SHOT, query=3, count=count)
    assert label_permutation_control(learner, {}, few, None, Recorder())["misled"].shape == (left,)


def test_where_there_are_no_classes_there_is_no_such_control(make_episodes):
    learner = Chance(Sine(shot=5, query=10))
    assert label_permutation_control(learner, {}, make_episodes("sine", shot=5, query=10), None, Recorder()) == {}
