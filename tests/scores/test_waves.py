"""What learners of sine waves have in mind: closed forms where there are some."""

import fake_results
import numpy as np
import pytest
import torch

from metascore.config.params import Run
from metascore.learners import base
from metascore.stages import waves
from metascore.store import checkpoint, inputs

TASK = "sine_5s"
ENTRY = {"width": 40, "inner_lr": 0.01, "train_steps": 1, "test_steps": 5}


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """A project whose MAML is untrained, and whose chance learner is the closed form that it always is."""
    monkeypatch.chdir(tmp_path)
    config = fake_results.config(tasks=(TASK,), seeds=(0,))
    config.params["learners"] = {"chance": {}, "maml": ENTRY}
    fake_results.write_data(tmp_path / "data", config, synthetic=False)
    problem = inputs.problem(config.test_shape(TASK))
    for run in config.runs():
        recipe = config.recipe(TASK, run.learner)
        learner = base.load(recipe["learner"], problem, recipe["hyper_parameters"])
        params = learner.initialise(torch.Generator().manual_seed(0))
        checkpoint.save(checkpoint.folder(run) / "checkpoint.safetensors", params, {"recipe": recipe})
    return config


def test_chance_is_the_mean_function_and_stays_there(chosen):
    row = waves.prior_table(chosen, TASK).set_index("learner").loc["chance"]
    assert row[["distance_to_mean", "moved_1", "moved_5", "moved_10"]].tolist() == [0, 0, 0, 0]


def test_distances_are_those_of_the_functions(chosen):
    row = waves.prior_table(chosen, TASK).set_index("learner").loc["maml"]
    shown = np.stack([wave.functions["maml"] for wave in waves.waves_of(chosen, TASK)])
    x = shown_grid(chosen)
    mean = -(0.1 + 5) / 2 * 2 / np.pi * np.cos(x)
    assert row["distance_to_mean"] == pytest.approx(np.square(shown[0, 0] - mean).mean(), rel=1e-5)
    assert 0 < row["moved_1"] < row["moved_5"]
    assert row["moved_5"] == row["moved_10"]  # it stops after 5 steps


def test_waves_are_those_of_the_test_episodes(chosen):
    rows = np.load("data/episodes/sine/test-5s10q.npy")
    for row, wave in zip(rows, waves.waves_of(chosen, TASK), strict=False):
        given = row["amplitude"] * np.sin(row["x"] - row["phase"])
        np.testing.assert_allclose(wave.support_y, given[:5], rtol=1e-5)
        np.testing.assert_allclose(wave.y, given[5:], rtol=1e-5)
        assert wave.functions["maml"].shape == (11, len(wave.grid))


def test_a_checkpoint_of_another_recipe_is_refused(chosen):
    checkpoint.save(checkpoint.folder(Run(TASK, "maml", 0)) / "checkpoint.safetensors", {}, {"recipe": {}})
    with pytest.raises(Exception, match="another recipe"):
        waves.waves_of(chosen, TASK)


def shown_grid(chosen):
    return waves.waves_of(chosen, TASK)[0].grid
