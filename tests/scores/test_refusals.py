"""Stage aggregate publishes nothing where a control fails: one line, and no file is written."""

import json
from pathlib import Path

import fake_results
import numpy as np
import pytest

from metascore.errors import UserError
from metascore.stages import aggregate

TRAIN = "data/episodes/omniglot/train-5w1s5q-40.npy"
TEST = "data/episodes/omniglot/test-5w1s5q-40.npy"
SPLIT = "data/splits/random.json"


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """A tree of sound results in the working folder."""
    monkeypatch.chdir(tmp_path)
    chosen = fake_results.config(tasks=("omniglot_5w1s",))
    fake_results.write(tmp_path, chosen)
    return chosen


def refused(chosen):
    with pytest.raises(UserError) as error:
        aggregate.run(chosen)
    assert "\n" not in str(error.value)
    assert {path.name for path in Path("results/tiny").iterdir()} == {"runs", "scores"}
    return str(error.value)


def put_character(file, character):
    rows = np.load(file)
    rows["character"][3, 2] = character
    np.save(file, rows)


def test_a_learner_that_knows_the_labels_of_queries_without_a_support_set(chosen):
    for seed in chosen.seeds:
        file = Path(f"results/tiny/scores/omniglot_5w1s/protonet/{seed}.npz")
        with np.load(file) as arrays:
            np.savez(file, **{**arrays, "misled": np.full_like(arrays["misled"], 0.3)})
    assert "results/tiny/scores/omniglot_5w1s/protonet: with permuted support labels it scores 0.3000" in refused(
        chosen
    )


@pytest.mark.parametrize("file", [TRAIN, TRAIN.replace("train", "validation")])
def test_a_test_character_that_was_trained_or_chosen_on(chosen, file):
    put_character(file, fake_results.SPLIT["test"][0])
    assert f"{file}: Runes/character30" in refused(chosen)


def test_a_training_character_in_the_test_episodes(chosen):
    used = int(np.load(TRAIN)["character"][0, 0])
    put_character(TEST, used)
    assert f"Runes/character{used:02}" in refused(chosen)


def test_a_held_out_character_that_no_test_episode_drew(chosen):
    """The split's word counts too: here it takes a training character for a test character."""
    used = int(np.load(TRAIN)["character"][0, 0])
    Path(SPLIT).write_text(json.dumps(fake_results.SPLIT | {"test": [used]}))
    assert f"{TRAIN}: Runes/character{used:02}" in refused(chosen)


@pytest.mark.parametrize("file", [TRAIN, TEST, SPLIT, "data/omniglot/characters.csv"])
@pytest.mark.parametrize("content", [None, b"rubbish"])
def test_files_that_show_no_leak_must_be_there(chosen, file, content):
    Path(file).unlink() if content is None else Path(file).write_bytes(content)
    assert file in refused(chosen)


def test_learners_judged_on_different_episodes(chosen):
    path = Path("results/tiny/scores/omniglot_5w1s/fomaml/1.json")
    path.write_text(json.dumps({"inputs": {"data/episodes/test.npy": "1" * 64}}))
    assert "fomaml/1 and maml/0 were evaluated on different episodes" in refused(chosen)


@pytest.mark.parametrize("content", [None, "rubbish", "{}", "[]"])
def test_a_run_that_does_not_say_what_it_was_judged_on(chosen, content):
    path = Path("results/tiny/scores/omniglot_5w1s/fomaml/1.json")
    path.unlink() if content is None else path.write_text(content)
    assert str(path) in refused(chosen)
