"""Some real test episodes with the answers of the best learners, for the gallery."""

from __future__ import annotations

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metascore.config.params import Config, Run
from metascore.learners import base
from metascore.networks.tensors import Params
from metascore.orchestration import devices
from metascore.problems.base import Episode
from metascore.report.figures.gallery import Example
from metascore.stages import finetune
from metascore.store import inputs
from metascore.training import machine

EPISODES = 2  # the first ones of the test file, whatever the learners made of them
LEARNERS = 4  # the best of each family, by rank
LEFT_OUT = "control"  # a family that learns nothing


def examples(config: Config, task: str, learners: list[str]) -> list[Example]:
    """The first test episodes of a task of images, answered by these learners with their first seed."""
    shape = config.test_shape(task)
    with devices.claimed(), machine.prepared() as device:
        episodes = inputs.read_episodes(shape, inputs.read_images(shape, device))
        batch = episodes.batch(np.arange(min(EPISODES, len(episodes))))
        answers = {name: _answers(config, Run(task, name, config.seeds[0]), batch, device) for name in learners}
    support, query = (part.x.squeeze(-1).cpu().numpy() for part in batch)
    y = batch.query.y.cpu().numpy()
    return [
        Example(support[k, : shape.way], query[k], y[k], {name: chosen[k] for name, chosen in answers.items()})
        for k in range(len(y))
    ]


def best_of_families(table: pd.DataFrame) -> list[str]:
    """The best learner of each family in a task's table of scores (best first), the best first."""
    taught = table[table["family"] != LEFT_OUT]
    return taught.drop_duplicates("family")["learner"].tolist()[:LEARNERS]


def _answers(config: Config, job: Run, batch: Episode, device: torch.device) -> np.ndarray:
    """The class that a run chooses for each query, after its own test steps: int64 (episode, query)."""
    learner, params = finetune.trained(config, job, device)
    with torch.no_grad():
        chosen = torch.func.vmap(lambda episode: _choose(learner, params, episode))(batch)
    return chosen.cpu().numpy()


def _choose(learner: base.AbstractLearner, params: Params, episode: Episode) -> Tensor:
    adapted = base.last(learner.adapt(params, episode.support, learner.test_steps))
    return learner.predict(adapted, episode.query.x).argmax(1)
