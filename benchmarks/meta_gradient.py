"""The meta-gradient's time a task, beside the arithmetic's floor and the peers, once all gradients are proved equal."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from benchmarks.peers import Gradient, available
from benchmarks.settings import Setting, settings
from benchmarks.timing import alternated
from metascore.meta_training import meta_gradient
from metascore.networks import Params
from metascore.problems import OmniglotEpisodes

CHUNKS = (1, 2, 4, 8, 16)
TOLERANCE = 1e-3  # of the largest entry; float32 sums in another order


def table(rate: float) -> list[str]:
    """Markdown rows: milliseconds a task, and ours as multiples of the floor and of the fastest peer."""
    peers = list(available())
    head = ["setting", "order", "floor", "ours", "× floor", *peers, "fastest peer / ours", "chunk"]
    rows = [_row(setting, rate, peers) for setting in settings()]
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _row(setting: Setting, rate: float, peers: list[str]) -> list[str]:
    params, episodes = setting.params(), setting.episodes()
    chunk = _fastest_chunk(setting, params, episodes)
    batch = episodes.batch(np.arange(setting.tasks))
    contenders = {name: partial(available()[name], setting, params, batch) for name in peers}
    contenders = {"ours": partial(ours, setting, params, episodes, chunk), **contenders}
    check_equal({name: run() for name, run in contenders.items()})
    seconds = {name: taken / setting.tasks for name, taken in alternated(contenders).items()}
    floor = setting.operations() / rate
    return [
        setting.name,
        "first" if setting.first_order else "second",
        _ms(floor),
        _ms(seconds["ours"]),
        f"{seconds['ours'] / floor:.2f}",
        *(_ms(seconds[name]) for name in peers),
        f"{min(seconds[name] for name in peers) / seconds['ours']:.2f}",
        str(chunk),
    ]


def ours(setting: Setting, params: Params, episodes: OmniglotEpisodes, chunk: int) -> Gradient:
    """From rows of an episode file to the meta-gradient, as in meta-training."""
    return meta_gradient(setting.learner(), params, episodes, np.arange(setting.tasks), 0.0, chunk)[0]


def _fastest_chunk(setting: Setting, params: Params, episodes: OmniglotEpisodes) -> int:
    sizes = [size for size in CHUNKS if size <= setting.tasks]
    times = alternated({str(size): partial(ours, setting, params, episodes, size) for size in sizes}, rounds=2)
    return int(min(times, key=lambda size: times[size]))


def check_equal(gradients: dict[str, Gradient]) -> None:
    """All contenders do the same arithmetic. Raises SystemExit, naming the tensor, where one doesn't."""
    expected = gradients["ours"]
    for name, found in gradients.items():
        for key, value in expected.items():
            error = (found[key] - value).abs().max() / value.abs().max()
            if not torch.isfinite(error) or error > TOLERANCE:
                raise SystemExit(f"{name}: {key} differs from ours by {error:.1e} of its largest entry")


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
