"""What fine-tuning leaves to be drawn: answers behind the scores, functions in closed form where there are some."""

from pathlib import Path

import fake_results
import numpy as np
import pytest

from metascore.config.params import Run
from metascore.data.characters import CHARACTERS
from metascore.errors import UserError
from metascore.scoring.priors import prior_table
from metascore.stages import finetune, train
from metascore.store.paths import IMAGES, Results
from metascore.store.results import figure_data
from metascore.store.shown import shown

IMAGES_TASK, WAVES_TASK = "omniglot_5w1s", "sine_5s"
KNN = Run(IMAGES_TASK, "pixel_knn", 0)
ENTRY = {"width": 40, "inner_lr": 0.01, "train_steps": 1, "test_steps": 5}
RESULTS = Results(Path("results/tiny"))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with noise for images, and learners that need no training: one for images, two for waves."""
    monkeypatch.chdir(tmp_path)
    config = fake_results.config(seeds=(0,))
    config.params["learners"] = {"pixel_knn": {}, "chance": {"for": {"omniglot": None}}, "maml": ENTRY}
    config.params["learners"]["maml"] = ENTRY | {"for": {"omniglot": None}}
    fake_results.write_data(tmp_path / "data", config, synthetic=False)
    noise = np.random.default_rng(0).integers(0, 256, (45, 20, 28, 28), dtype=np.uint8)
    images = np.lib.format.open_memmap(IMAGES, "w+", np.uint8, (CHARACTERS, 20, 28, 28))
    images[:45] = noise // 2 + noise[:, :1] // 2  # drawings of a character are alike, but not too much
    images.flush()
    for run in config.runs():
        train.run(config, [run])
        finetune.run(config, [run])
    return config


def episodes_of(project, task):
    """What figures show of the test episodes."""
    return shown(project.test_file(task), Path("data"))


def test_answers_are_those_behind_the_scores(project):
    one = figure_data(project, IMAGES_TASK, RESULTS)["pixel_knn"][0]
    scores = np.load(RESULTS.score(KNN))
    right = (one["chosen"] == episodes_of(project, IMAGES_TASK)["answer"]).mean(1)
    assert len(right) == 2 and right.max() > 0.2
    np.testing.assert_allclose(right, scores[:2, 0])


def test_every_run_knows_what_chance_scores(project):
    """To the bit: MetaScore's zero is the same with and without the chance learner in the benchmark."""
    scores = np.load(RESULTS.score(Run(WAVES_TASK, "chance", 0)))
    assert all(
        (scores == seeds[0]["chance"][:, None]).all() for seeds in figure_data(project, WAVES_TASK, RESULTS).values()
    )
    assert "chance" not in figure_data(project, IMAGES_TASK, RESULTS)["pixel_knn"][0]  # 1 / way, on every episode


def test_images_are_those_of_the_episode(project):
    one = episodes_of(project, IMAGES_TASK)
    rows, images = np.load("data/episodes/omniglot/test-5w1s5q-40.npy"), np.load(IMAGES)
    drawing = images[rows["character"][0, 3], rows["drawer"][0, 3, 0]]
    np.testing.assert_allclose(one["support"][0, 3], np.rot90(drawing, rows["rotation"][0, 3]) / 255, rtol=1e-6)
    assert one["answer"][0].tolist() == list(range(5)) * 5


def test_distances_are_those_of_the_functions(project):
    known = figure_data(project, WAVES_TASK, RESULTS)
    row, one = prior_table(WAVES_TASK, known).set_index("learner").loc["maml"], known["maml"][0]
    mean = -(0.1 + 5) / 2 * 2 / np.pi * np.cos(one["grid"])
    assert row["distance_to_mean"] == pytest.approx(np.square(one["functions"][0, 0] - mean).mean(), rel=1e-5)
    assert 0 < row["moved_1"] < row["moved_5"]
    assert row["moved_5"] == row["moved_10"]  # it stops after 5 steps


def test_waves_are_those_of_the_test_episodes(project):
    one, known = episodes_of(project, WAVES_TASK), figure_data(project, WAVES_TASK, RESULTS)["maml"][0]
    for number, row in enumerate(np.load("data/episodes/sine/test-5s10q-40.npy")[:3]):
        given = row["amplitude"] * np.sin(row["x"] - row["phase"])
        np.testing.assert_allclose(one["support_y"][number], given[:5], rtol=1e-5)
        np.testing.assert_allclose(one["query_y"][number], given[5:], rtol=1e-5)
    assert known["functions"].shape == (3, 11, len(known["grid"]))


def test_images_that_are_missing_are_named(project):
    IMAGES.unlink()
    with pytest.raises(UserError, match=r"images\.npy.*metascore data"):
        episodes_of(project, IMAGES_TASK)
