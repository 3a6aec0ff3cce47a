"""Adaptation at test: ten steps on the support set, then the queries' accuracy."""

from __future__ import annotations

from functools import partial

import numpy as np

from benchmarks.meta_gradient import Doubled
from benchmarks.peers import Judge, accuracies
from benchmarks.settings import TEST_STEPS, Setting, settings, test_operations
from benchmarks.timing import alternated, milliseconds, row
from metascore.evaluation import final_score, judge_all
from metascore.networks import Params
from metascore.problems import Episodes


def table(rate: float) -> list[str]:
    """Milliseconds a task."""
    peers = accuracies()
    head = ["episodes", "floor", "ours", "ours / floor", *peers, "fastest peer / ours"]
    shapes = [setting for setting in settings() if not setting.first_order]
    return [*row(head, rule=True), *(line for shape in shapes for line in row(_cells(shape, rate, peers)))]


def _cells(setting: Setting, rate: float, peers: dict[str, Judge]) -> list[str]:
    check_equal(setting, peers)
    params, episodes = setting.params(), setting.episodes()
    batch = episodes.batch(np.arange(setting.tasks))
    contenders = {"ours": partial(ours, setting, params, episodes)}
    contenders |= {name: partial(peer, setting, params, batch) for name, peer in peers.items()}
    seconds = {name: taken / setting.tasks for name, taken in alternated(contenders).items()}
    floor = test_operations(setting) / rate
    return [
        f"{setting.shape}, {TEST_STEPS} steps",
        milliseconds(floor),
        milliseconds(seconds["ours"]),
        f"{seconds['ours'] / floor:.2f}",
        *(milliseconds(seconds[name]) for name in peers),
        f"{min(seconds[name] for name in peers) / seconds['ours']:.2f}",
    ]


def ours(setting: Setting, params: Params, episodes: Episodes) -> np.ndarray:
    """As `metascore finetune` does it."""
    return judge_all(final_score, setting.learner(), params, episodes, setting.tasks)


def check_equal(setting: Setting, peers: dict[str, Judge]) -> None:
    """All contenders judge alike, in double precision. Raises SystemExit where one doesn't."""
    setting = setting.with_tasks(2)
    params = {name: value.double() for name, value in setting.params().items()}
    episodes = Doubled.of(setting.episodes())
    expected = ours(setting, params, episodes)
    for name, peer in peers.items():
        found = peer(setting, params, episodes.batch(np.arange(2)))
        if not np.allclose(found, expected):
            raise SystemExit(f"{name}: accuracies {found} differ from ours, {expected.tolist()}")
