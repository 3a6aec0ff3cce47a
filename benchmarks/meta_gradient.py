"""The meta-gradient's time a task, beside the arithmetic's floor and the peers, once all gradients are proved equal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.peers import Gradient, Peer, gradients
from benchmarks.settings import Setting, settings
from benchmarks.timing import PRODUCT, alternated, milliseconds, product, rate_of, row
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Episodes
from metascore.problems.pictures import Gathered
from metascore.training.meta_gradient import MetaGradient
from metascore.training.replay import Recorder

CHUNKS = (4, 8, 16)
TOLERANCE = 1e-9  # of a tensor's norm, in double precision


def table() -> list[str]:
    """Milliseconds a task; ours as a multiple of the floor, the fastest peer as a multiple of ours."""
    peers = gradients()
    head = ["setting", "order", "floor", "ours", "ours / floor", *peers, "fastest peer / ours", "chunk"]
    return [*row(head, rule=True), *(line for setting in settings() for line in row(_cells(setting, peers)))]


def _cells(setting: Setting, peers: dict[str, Peer]) -> list[str]:
    check_equal(setting, peers)
    params, episodes = setting.params(), setting.episodes()
    batch = episodes.batch(np.arange(setting.tasks))
    chunk_size = fastest_chunk_size(setting, params, episodes)
    contenders = {"ours": ours(setting, params, episodes, chunk_size)}
    contenders |= {name: partial(peer, setting, params, batch) for name, peer in peers.items()}
    taken = alternated(contenders | {PRODUCT: product()})
    seconds = {name: taken[name] / setting.tasks for name in contenders}
    floor = setting.operations() / rate_of(taken)
    return [
        setting.name,
        "first" if setting.first_order else "second",
        milliseconds(floor),
        milliseconds(seconds["ours"]),
        f"{seconds['ours'] / floor:.2f}",
        *(milliseconds(seconds[name]) for name in peers),
        f"{min(seconds[name] for name in peers) / seconds['ours']:.2f}",
        str(chunk_size),
    ]


def ours(setting: Setting, params: Params, episodes: Episodes, chunk_size: int) -> Callable[[], Gradient]:
    """From rows of an episode file to the meta-gradient, as in meta-training; the first call makes the recording."""
    gradient = MetaGradient(setting.learner(), chunk_size, Recorder(patience=0))
    return lambda: gradient(params, episodes, np.arange(setting.tasks), 0.0)[0]


def fastest_chunk_size(setting: Setting, params: Params, episodes: Episodes) -> int:
    """The size that this machine likes best."""
    sizes = [size for size in CHUNKS if size <= setting.tasks]
    times = alternated({str(size): ours(setting, params, episodes, size) for size in sizes}, rounds=3)
    return int(min(times, key=lambda size: times[size]))


def check_equal(setting: Setting, peers: dict[str, Peer]) -> None:
    """All contenders do the same arithmetic. Raises SystemExit, naming the tensor, where one doesn't.

    Two tasks in double precision, where the order of sums leaves no trace.
    """
    setting = setting.with_tasks(2)
    params = {name: value.double() for name, value in setting.params().items()}
    episodes = Doubled.of(setting.episodes())
    expected = ours(setting, params, episodes, 2)()
    for name, peer in peers.items():
        found = peer(setting, params, episodes.batch(np.arange(2)))
        for key, value in expected.items():
            error = float((found[key] - value).norm() / value.norm())
            if not error <= TOLERANCE:
                raise SystemExit(f"{name}: {key} differs from ours by {error:.1e} of its norm")


class Doubled(Gathered):
    """Episodes in double precision."""

    @classmethod
    def of(cls, episodes: Gathered) -> Doubled:
        return cls(episodes.rows, episodes.problem, episodes.material)

    def batch(self, index: np.ndarray) -> Episode:
        return Episode(*(part._replace(x=part.x.double()) for part in super().batch(index)))
