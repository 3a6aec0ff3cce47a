"""Adaptation curves and scores."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metascore.learners.maml import MAML
from metascore.problems.examples import Examples
from metascore.problems.omniglot import Omniglot
from metascore.problems.scale import ACCURACY, ERROR, RETURN
from metascore.problems.sine import Sine
from metascore.randomness import generator
from metascore.training.evaluation import STEPS, adaptation_curve, chunks, measured

CLASSES = Omniglot(way=3, shot=1, query=1)
SINE = Sine(shot=5, query=10)


def maml(test_steps: int) -> MAML:
    return MAML(SINE, width=8, inner_lr=0.02, train_steps=1, test_steps=test_steps)


@pytest.fixture
def sines(make_episodes):
    return make_episodes("sine", shot=5, query=10, count=5)


def curves(learner: MAML, episodes, chunk: int = 5) -> np.ndarray:
    return measured(adaptation_curve, learner, learner.initialise(generator(0)), episodes, chunk)


@pytest.mark.parametrize("steps", [1, 4, 12])
def test_curves_are_flat_after_the_learners_own_steps(sines, steps):
    scores = curves(maml(steps), sines)
    own = min(steps, STEPS)
    assert scores.shape == (5, STEPS + 1) and scores.dtype == np.float32
    assert (scores[:, own:] == scores[:, own : own + 1]).all()
    assert (np.diff(scores[:, : own + 1]) != 0).all()
    np.testing.assert_array_equal(scores[:, : own + 1], curves(maml(STEPS), sines)[:, : own + 1])


@pytest.mark.parametrize("chunk", [1, 2, 3, 9])
def test_the_chunk_does_not_change_scores_or_their_order(sines, chunk):
    np.testing.assert_allclose(curves(maml(3), sines, chunk), curves(maml(3), sines), rtol=1e-5)


@given(st.integers(0, 50), st.integers(1, 60))
def test_chunks_are_all_numbers_in_order(count, size):
    pieces = chunks(count, size)
    assert [number for piece in pieces for number in piece] == list(range(count))
    assert all(0 < len(piece) <= size for piece in pieces)


@pytest.mark.parametrize(
    ("logits", "score"),
    [
        ([[2, 1, 0], [0, 1, 2]], 0.5),
        ([[0, 0, 0], [0, 0, 0]], 1 / 3),
        ([[1, 1, 0], [9, 1, 1]], 0.25),
        ([[math.nan, 0, 0], [1, 0, 0]], math.nan),
    ],
)
def test_equal_logits_share_the_credit(logits, score):
    found = CLASSES.score(answering(logits), labelled([0, 1]))
    assert found.item() == pytest.approx(score, nan_ok=True)


@pytest.mark.parametrize("scale, worst", [(ACCURACY, 0), (ERROR, math.inf), (RETURN, -math.inf)])
def test_a_diverged_episode_counts_as_the_worst(scale, worst):
    """Of accuracies, as no query right: one such episode of many leaves a mean that can still be compared."""
    scores = np.array([0.5, math.nan, math.inf], dtype=np.float32)
    found = scale.counted(scores)
    assert found.tolist() == [0.5, worst, worst] and found.dtype == np.float32


def answering(outputs):
    """A predictor with these outputs."""
    return lambda x: torch.tensor(outputs, dtype=torch.float32)


def labelled(y):
    """Examples with these labels."""
    return Examples(torch.zeros(len(y), 1), torch.tensor(y), torch.zeros(len(y), dtype=torch.int64))


@pytest.mark.parametrize(
    ("score", "than", "accuracy", "error"),
    [
        (0.5, 0.4, True, False),
        (0.4, 0.5, False, True),
        (1, 1, False, False),
        (1, math.nan, True, True),
        (math.nan, 1, False, False),
    ],
)
def test_more_accuracy_and_less_error_are_better(score, than, accuracy, error):
    assert (CLASSES.better(score, than), SINE.better(score, than)) == (accuracy, error)
