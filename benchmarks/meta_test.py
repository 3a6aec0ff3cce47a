"""Adaptation at test: ten steps on the support set, then the queries' accuracy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.meta_gradient import Doubled
from benchmarks.peers import Measure, accuracies
from benchmarks.settings import TEST_STEPS, Setting, settings, test_operations
from benchmarks.timing import PRODUCT, alternated, milliseconds, product, rate_of, row
from metascore.networks.tensors import Params
from metascore.problems.examples import Episodes
from metascore.training.evaluation import final_score, measured
from metascore.training.replay import Recorder


def table() -> list[str]:
    """Milliseconds a task."""
    peers = accuracies()
    head = ["episodes", "floor", "ours", "ours / floor", *peers, "fastest peer / ours"]
    shapes = [setting for setting in settings() if not setting.first_order]
    return [*row(head, rule=True), *(line for shape in shapes for line in row(_cells(shape, peers)))]


def _cells(setting: Setting, peers: dict[str, Measure]) -> list[str]:
    check_equal(setting, peers)
    params, episodes = setting.params(), setting.episodes()
    batch = episodes.batch(np.arange(setting.tasks))
    contenders: dict[str, Callable[[], object]] = {"ours": ours(setting, params, episodes)}
    contenders |= {name: partial(peer, setting, params, batch) for name, peer in peers.items()}
    taken = alternated(contenders | {PRODUCT: product()})
    seconds = {name: taken[name] / setting.tasks for name in contenders}
    floor = test_operations(setting) / rate_of(taken)
    return [
        f"{setting.shape}, {TEST_STEPS} steps",
        milliseconds(floor),
        milliseconds(seconds["ours"]),
        f"{seconds['ours'] / floor:.2f}",
        *(milliseconds(seconds[name]) for name in peers),
        f"{min(seconds[name] for name in peers) / seconds['ours']:.2f}",
    ]


def ours(setting: Setting, params: Params, episodes: Episodes) -> Callable[[], np.ndarray]:
    """As meta-training judges validation episodes; the first call makes the recording."""
    learner, recorder = setting.learner(), Recorder(patience=0)
    return lambda: measured(final_score, learner, params, episodes, setting.tasks, recorder)


def check_equal(setting: Setting, peers: dict[str, Measure]) -> None:
    """All contenders judge alike, in double precision. Raises SystemExit where one doesn't."""
    setting = setting.with_tasks(2)
    params = {name: value.double() for name, value in setting.params().items()}
    episodes = Doubled.of(setting.episodes())
    expected = ours(setting, params, episodes)()
    for name, peer in peers.items():
        found = peer(setting, params, episodes.batch(np.arange(2)))
        if not np.allclose(found, expected):
            raise SystemExit(f"{name}: accuracies {found} differ from ours, {expected.tolist()}")
