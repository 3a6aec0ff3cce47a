"""All learners of pictures learn on pictures in colour, whose classes differ in colour and shape."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import Case, cases, initial

from metascore.data.classes import Row
from metascore.learners.base import load
from metascore.problems.images import Images
from metascore.problems.pictures import Gathered, Material, Pool
from metascore.training.evaluation import final_score, measured
from metascore.training.loop import Snapshot, TrainingRun, meta_train

SIDE, CLASSES, COUNT = 32, 30, 20
PROBLEM = Images(
    data_set="blocks", way=3, shot=2, query=3, split="class", side=SIDE, channels=3, num_classes=CLASSES
)  # fmt: skip
ITERATIONS = 30
RATE, ITERATIONS_OF_A_MEMORY = 0.003, 400  # MANN's: its recipe's rate is for 100000 iterations


@pytest.fixture(scope="module")
def episodes() -> list[Gathered]:
    """Twenty classes to train on, ten to judge by: blocks of two colours on textured ground."""
    random = np.random.default_rng(0)
    shape = np.kron(random.random((CLASSES, 1, 8, 8)) < 0.4, np.ones((4, 4)))[..., None]
    colours = random.random((2, CLASSES, 1, 1, 1, 3))
    pictures = shape * colours[0] + (1 - shape) * colours[1] + random.normal(0, 0.1, (CLASSES, COUNT, SIDE, SIDE, 3))
    images = torch.from_numpy((255 * pictures.clip(0, 1)).astype(np.uint8)).flatten(0, 1)
    rows = [Row(str(k), "", COUNT * k, COUNT) for k in range(CLASSES)]
    material = Material(images, np.array([row.first for row in rows])), rows
    drawn = []
    for classes in (range(20), range(20, CLASSES)):
        pool = Pool(np.array(classes), np.full(len(classes), COUNT), [""] * len(classes))
        drawn.append(PROBLEM.episodes(PROBLEM.draw_from(pool, 40, False, random), material))
    return drawn


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in cases() if case.values[0].kind == "omniglot"])
def test_every_learner_learns(case: Case, episodes):
    recipe = case.recipe
    hyper_parameters = recipe.hyper_parameters | ({"width": 8} if "width" in recipe.hyper_parameters else {})
    learner = load(recipe.learner, PROBLEM, hyper_parameters)
    params = initial(learner)
    if learner.learns:
        iterations = ITERATIONS_OF_A_MEMORY if learner.support_order_matters else ITERATIONS
        rate = max(RATE, recipe.training.meta_lr)
        training = case.training(iterations=iterations, meta_lr=rate, meta_batch=4, validations=1)
        setting = TrainingRun(learner, learner, episodes[0], episodes[0], training, 0)
        params = list(meta_train(setting, Snapshot(0, params, best=params)))[-1].params
    score = float(measured(final_score, learner, params, episodes[1], chunk_size=4).mean())
    assert score == pytest.approx(1 / 3) if case.entry == "chance" else score > 1 / 3 + 0.1
