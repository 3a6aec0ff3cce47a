"""The functions that learners of sine waves have in mind: before adaptation, and after each step of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from metascore.config.params import Config, Run
from metascore.data.episodes import SINE_X
from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.orchestration import devices
from metascore.problems.base import Episode, Episodes, mean_sine
from metascore.report.figures.waves import Wave
from metascore.stages import finetune
from metascore.store import inputs
from metascore.training import machine
from metascore.training.evaluation import STEPS, measured

GRID = torch.linspace(*SINE_X, 201)[:, None]
SHOWN = ("maml", "reptile", "transfer", "scratch")  # entries: two that meta-learn, two that don't
WAVES = 3  # the first ones of the test file
CHUNK = 100
MOVES = (1, 5, 10)  # after these steps the table says how far a function has moved
COLUMNS = ["task", "learner", "seed", "distance_to_mean", *(f"moved_{k}" for k in MOVES)]


def waves_of(config: Config, task: str) -> list[Wave]:
    """The first test waves of a task, and what the learners shown make of them with their first seed."""
    names = [name for name in SHOWN if Run(task, name, config.seeds[0]) in config.runs()]
    with devices.claimed(), machine.prepared() as device:
        episodes = _episodes(config, task, device)
        first = episodes.batch(np.arange(min(WAVES, len(episodes))))
        known = {name: _of_run(config, Run(task, name, config.seeds[0]), episodes, device)[:WAVES] for name in names}
    support, query = ([part.x.squeeze(-1).cpu().numpy(), part.y.squeeze(-1).cpu().numpy()] for part in first)
    grid = GRID[:, 0].numpy()
    return [
        Wave(grid, query[0][k], query[1][k], support[0][k], support[1][k], {name: known[name][k] for name in names})
        for k in range(len(support[0]))
    ]


def prior_table(config: Config, task: str) -> pd.DataFrame:
    """What each learner knows before it sees a support set, and how far it then moves: a row a learner and seed.

    distance_to_mean: mean squared distance of the unadapted function from E[A sin(x - phase)], over [-5, 5].
    moved_k: mean squared distance between the function after k steps and the unadapted one, over test episodes;
    a learner that stops before step k has moved no further.
    """
    runs = [run for run in config.runs() if run.task == task]
    with devices.claimed(), machine.prepared() as device:
        episodes = _episodes(config, task, device)
        rows = [_row(run, _of_run(config, run, episodes, device)) for run in runs]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(run: Run, functions: Float[np.ndarray, "episodes steps grid"]) -> dict[str, Any]:
    before = functions[:, :1].astype(np.float64)
    average = mean_sine(GRID)[:, 0].numpy()
    moved = {f"moved_{k}": float(np.square(functions[:, k : k + 1] - before).mean()) for k in MOVES}
    distance = float(np.square(before - average).mean())
    return {**vars(run), "distance_to_mean": distance, **moved}


def _of_run(
    config: Config, run: Run, episodes: Episodes, device: torch.device
) -> Float[np.ndarray, "episodes steps grid"]:
    """A run's functions on the grid, for each test episode, after 0 .. 10 steps."""
    learner, params = finetune.trained(config, run, device)
    return measured(_functions, learner, params, episodes, CHUNK)


def _functions(learner: AbstractLearner, params: Params, episode: Episode) -> Float[Tensor, "steps grid"]:
    steps = min(learner.test_steps, STEPS)
    grid = GRID.to(episode.query.x.device)
    states = list(learner.adapt(params, episode.support, steps))
    drawn = [learner.predict(state, grid).squeeze(-1) for state in states]
    return torch.stack(drawn + drawn[-1:] * (STEPS - steps))


def _episodes(config: Config, task: str, device: torch.device) -> Episodes:
    shape = config.test_shape(task)
    return inputs.read_episodes(shape, inputs.read_images(shape, device))
