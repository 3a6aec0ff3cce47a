"""The gallery's episodes: real test episodes, with the answers behind the scores that `finetune` writes."""

import fake_results
import numpy as np
import pandas as pd
import pytest

from metascore.config.params import Run
from metascore.errors import UserError
from metascore.stages import examples, finetune
from metascore.store import checkpoint, inputs

TASK = "omniglot_5w1s"
RUN = Run(TASK, "pixel_knn", 0)


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """A project with noise for images, and the one learner that needs no training."""
    monkeypatch.chdir(tmp_path)
    config = fake_results.config(tasks=(TASK,))
    config.params["learners"]["pixel_knn"] = {}
    fake_results.write_data(tmp_path / "data", config, synthetic=False)
    noise = np.random.default_rng(0).integers(0, 256, (45, 20, 28, 28), dtype=np.uint8)
    images = np.lib.format.open_memmap(inputs.IMAGES, "w+", np.uint8, (inputs.CHARACTERS, 20, 28, 28))
    images[:45] = noise // 2 + noise[:, :1] // 2  # drawings of a character are alike, but not too much
    images.flush()
    path = checkpoint.folder(RUN) / "checkpoint.safetensors"
    checkpoint.save(path, {}, {"recipe": config.recipe(TASK, "pixel_knn")})
    return config


def test_answers_are_those_behind_the_scores(chosen):
    finetune.run(chosen, RUN)
    scores = np.load("results/scores/omniglot_5w1s/pixel_knn/0.npy")
    shown = examples.examples(chosen, TASK, ["pixel_knn"])
    right = [np.mean(example.chosen["pixel_knn"] == example.answer) for example in shown]
    assert len(shown) == examples.EPISODES and scores[:2, 0].max() > 0.2
    np.testing.assert_allclose(right, scores[: examples.EPISODES, 0])


def test_images_are_those_of_the_episode(chosen):
    example = examples.examples(chosen, TASK, [])[0]
    rows, images = np.load("data/episodes/omniglot/test-5w1s5q.npy"), np.load(inputs.IMAGES)
    drawing = images[rows["character"][0, 3], rows["drawer"][0, 3, 0]]
    np.testing.assert_allclose(example.support[3], np.rot90(drawing, rows["rotation"][0, 3]) / 255, rtol=1e-6)
    assert example.answer.tolist() == list(range(5)) * 5


def test_a_checkpoint_of_another_recipe_is_refused(chosen):
    path = checkpoint.folder(RUN) / "checkpoint.safetensors"
    checkpoint.save(path, {}, {"recipe": {}})
    with pytest.raises(UserError, match="another recipe"):
        examples.examples(chosen, TASK, ["pixel_knn"])


def test_the_best_of_each_family_are_shown_without_controls():
    families = ["control", "metric", "metric", "model", "optimisation", "baseline"]
    table = pd.DataFrame({"learner": list("abcdef"), "family": families})
    assert examples.best_of_families(table) == ["b", "d", "e", "f"]
