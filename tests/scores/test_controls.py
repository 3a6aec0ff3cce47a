"""Controls: each lets sound results pass, and refuses what it is there to refuse, in one line."""

import numpy as np
import pytest

from metascore.errors import UserError
from metascore.problems.omniglot import Omniglot
from metascore.problems.scale import ACCURACY, ERROR
from metascore.scoring import controls

FIVE = Omniglot(way=5, shot=1, query=5)
TWENTY = Omniglot(way=20, shot=1, query=1)
NAMES = [f"Runes/character{k:02}" for k in range(10)]


def refusal(check, *arguments):
    """What a check says when it refuses."""
    with pytest.raises(UserError) as error:
        check(*arguments)
    assert "\n" not in str(error.value) and str(error.value).startswith("culprit: ")
    return str(error.value)


def scores(value, shape=(2, 50, 3)):
    return np.full(shape, value, dtype=np.float32)


def label_permutation_control(values, problem=FIVE):
    """Checks scores (episode,) on labels that say nothing."""
    return (
        controls.check_label_permutation,
        np.asarray(values),
        problem.way,
        problem.chance,
        problem.guessing,
        "culprit",
    )


def guesses(problem, known=0.0, episodes=50):
    """Scores of a blind guesser, who knows a share of the queries."""
    random, queries = np.random.default_rng(0), problem.way * problem.query
    return random.binomial(queries, known + (1 - known) * problem.chance, episodes) / queries


@pytest.mark.parametrize("problem", [FIVE, TWENTY])
def test_whoever_guesses_passes(problem):
    check, *arguments = label_permutation_control(guesses(problem, episodes=10 * problem.way), problem)
    check(*arguments)


def test_whoever_is_always_right_about_the_labels_passes():
    """In each round of five the labels are right once."""
    check, *arguments = label_permutation_control(np.tile([1.0, 0, 0, 0, 0], 10))
    check(*arguments)


def test_whoever_knows_the_classes_of_some_queries_is_refused():
    assert "scores 0.2" in refusal(*label_permutation_control(guesses(FIVE, known=0.1)))
    assert "scores 1.0000, not 0.2000 ± " in refusal(*label_permutation_control(np.ones(10)))
    assert "not 0.0500" in refusal(*label_permutation_control(np.full(40, 0.2), TWENTY))


def test_whoever_avoids_the_right_classes_is_refused():
    refusal(*label_permutation_control(np.zeros(50)))


def test_what_diverges_knows_nothing_and_one_round_says_nothing():
    for values in (np.full(50, np.nan), np.ones(5), np.zeros(0)):
        check, *arguments = label_permutation_control(values)
        check(*arguments)


def test_test_characters_must_be_unseen():
    controls.check_unseen(np.array([7, 8]), np.array([[1, 2], [3, 9]]), NAMES, "culprit")
    said = refusal(controls.check_unseen, np.array([7, 8]), np.array([[1, 2], [8, 3]]), NAMES, "culprit")
    assert "Runes/character08" in said and "1 such class" in said


def test_all_runs_must_be_judged_on_the_same_episodes():
    controls.check_same_episodes({"maml/0": {"test.npy": "a"}, "maml/1": {"test.npy": "a"}}, "culprit")
    for other in ({"test.npy": "b"}, {"other.npy": "a"}, {}):
        said = refusal(controls.check_same_episodes, {"maml/0": {"test.npy": "a"}, "anil/0": other}, "culprit")
        assert "anil/0 and maml/0" in said


@pytest.mark.parametrize(
    "value, scale, good",
    [(0, ACCURACY, 1), (1, ACCURACY, 1), (1.01, ACCURACY, 0), (-0.01, ACCURACY, 0), (7, ERROR, 1), (-1, ERROR, 0)],
)
def test_scores_must_be_possible(value, scale, good):
    arguments = (scores(value), scale, "culprit", "cure")
    if good:
        controls.check_range(*arguments)
    else:
        assert f"{scale.name} outside [0, {scale.highest:g}]" in refusal(controls.check_range, *arguments)


def test_divergence_is_no_matter_of_range():
    controls.check_range(scores(np.nan), ACCURACY, "culprit", "cure")
