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


def test_chance_must_be_chance():
    controls.check_chance(scores(0.2), FIVE.chance, FIVE.guessing, "culprit")
    assert "chance scores 0.2500" in refusal(controls.check_chance, scores(0.25), FIVE.chance, FIVE.guessing, "culprit")
    assert "not 0.0500" in refusal(controls.check_chance, scores(0.2), TWENTY.chance, TWENTY.guessing, "culprit")
    assert "nan" in refusal(controls.check_chance, scores(np.nan), FIVE.chance, FIVE.guessing, "culprit")


def test_chance_may_be_as_far_off_as_blind_guesses_are():
    """2 x 50 x 25 guesses: 4 standard errors are 4 * 0.4 / 50 = 0.032."""
    for value in (0.2 - 0.0319, 0.2 + 0.0319):
        controls.check_chance(scores(value), FIVE.chance, FIVE.guessing, "culprit")
    for value in (0.2 - 0.0321, 0.2 + 0.0321):
        refusal(controls.check_chance, scores(value), FIVE.chance, FIVE.guessing, "culprit")
    guesses = np.random.default_rng(0).binomial(25, 0.2, (2, 50, 1)) / 25 * np.ones(3)
    controls.check_chance(guesses, FIVE.chance, FIVE.guessing, "culprit")


def test_test_characters_must_be_unseen():
    controls.check_unseen(np.array([7, 8]), np.array([[1, 2], [3, 9]]), NAMES, "culprit")
    said = refusal(controls.check_unseen, np.array([7, 8]), np.array([[1, 2], [8, 3]]), NAMES, "culprit")
    assert "Runes/character08" in said and "1 such" in said


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


def test_divergence_must_be_owned_up_to():
    broken = scores(0.5)
    broken[0, :10, 2] = np.nan
    controls.check_divergence(broken, {"diverged": 0.1, "score": np.inf}, "culprit")
    controls.check_divergence(scores(0.5), {"diverged": 0.0, "score": 0.5}, "culprit")
    assert "10.0%" in refusal(controls.check_divergence, broken, {"diverged": 0.0, "score": 0.5}, "culprit")
    refusal(controls.check_divergence, broken, {"diverged": np.nan, "score": 0.5}, "culprit")
    refusal(controls.check_divergence, scores(0.5), {"diverged": 0.1, "score": 0.5}, "culprit")
    refusal(controls.check_divergence, scores(0.5), {"diverged": 0.0, "score": np.inf}, "culprit")
