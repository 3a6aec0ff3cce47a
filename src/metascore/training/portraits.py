"""What people look at of a run, beside its scores: its answers to the first test episodes, or its functions.

Fine-tuning writes it, since whoever draws figures has no learner at hand.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from metascore.learners.base import AbstractLearner, last
from metascore.networks.tensors import Params
from metascore.problems.base import Episode, Episodes, Problem
from metascore.training.evaluation import STEPS, measured

Portrait = dict[str, np.ndarray]

EPISODES = 2  # the first ones of the test file, whatever the learner made of them
WAVES = 3
POINTS = 201  # of a drawn function
MOVES = (1, 5, 10)  # the steps after which it is measured how far a function has moved
CHUNK_SIZE = 100


def portrait(learner: AbstractLearner, params: Params, episodes: Episodes) -> Portrait:
    """Arrays by name: see `_functions` for functions of a number, `_answers` for images of classes, and `_chance`."""
    shown = _chance(learner, params, episodes)
    if learner.problem.interval is not None:
        return shown | _functions(learner, params, episodes)
    return shown | (_answers(learner, params, episodes) if learner.problem.has(("has_classes", "has_images")) else {})


def _chance(learner: AbstractLearner, params: Params, episodes: Episodes) -> Portrait:
    """Of every episode what `blind` scores, chance (episode,), where MetaScore's zero is not the same for all."""
    if learner.problem.chance is not None:
        return {}
    return {"chance": measured(_blind_score, learner, params, episodes)}


def _blind_score(learner: AbstractLearner, params: Params, episode: Episode) -> Tensor:
    return learner.problem.score(learner.problem.blind, episode.query)


def _answers(learner: AbstractLearner, params: Params, episodes: Episodes) -> Portrait:
    """Of the first episodes, after the learner's own test steps.

    support (episode, way, 28, 28): the first shot of each class, ink = 1; query (episode, query, 28, 28); answer and
    chosen (episode, query): the classes of the queries, and those that the learner took them for.
    """
    batch = episodes.batch(np.arange(min(EPISODES, len(episodes))))
    with torch.no_grad():
        chosen = torch.func.vmap(lambda episode: _choose(learner, params, episode))(batch)
    support, query = (part.x.squeeze(-1).cpu().numpy() for part in batch)
    answer = batch.query.y.cpu().numpy()
    return {
        "support": support[:, : learner.problem.way],
        "query": query,
        "answer": answer,
        "chosen": chosen.cpu().numpy(),
    }


def _choose(learner: AbstractLearner, params: Params, episode: Episode) -> Tensor:
    adapted = last(learner.adapt(params, episode.support, learner.test_steps))
    return learner.predict(adapted, episode.query.x).argmax(1)


def _functions(learner: AbstractLearner, params: Params, episodes: Episodes) -> Portrait:
    """The functions that the learner has in mind, on a grid, and how far they are from others.

    grid (grid); of the first waves support_x, support_y (wave, shot), query_x, query_y (wave, query) and functions
    (wave, step 0 .. 10, grid); over all episodes, as mean squared distances over the interval, distance_to_mean () of
    the unadapted function from the best that ignores the support set, and moved (step in MOVES) from the unadapted
    function: a learner that stops before a step has moved no further.
    """
    grid = _grid(learner.problem)
    functions = measured(_drawn, learner, params, episodes, CHUNK_SIZE)
    before = functions[:, :1].astype(np.float64)
    batch = episodes.batch(np.arange(min(WAVES, len(episodes))))
    places = {
        f"{name}_{axis}": getattr(part, axis).squeeze(-1).cpu().numpy()
        for name, part in zip(("support", "query"), batch, strict=True)
        for axis in "xy"
    }
    return places | {
        "grid": grid[:, 0].numpy(),
        "functions": functions[:WAVES],
        "distance_to_mean": np.square(before - learner.problem.blind(grid)[:, 0].numpy()).mean(),
        "moved": np.array([np.square(functions[:, k : k + 1] - before).mean() for k in MOVES]),
    }


def _drawn(learner: AbstractLearner, params: Params, episode: Episode) -> Tensor:
    """The function after each step on the grid: (steps + 1, grid)."""
    steps = min(learner.test_steps, STEPS)
    grid = _grid(learner.problem).to(episode.query.x.device)
    states = list(learner.adapt(params, episode.support, steps))
    drawn = [learner.predict(state, grid).squeeze(-1) for state in states]
    return torch.stack(drawn + drawn[-1:] * (STEPS - steps))


def _grid(problem: Problem) -> Tensor:
    """The points at which a problem's functions are drawn and compared: (points, 1)."""
    low, high = problem.interval or (0.0, 0.0)
    return torch.linspace(low, high, POINTS)[:, None]
