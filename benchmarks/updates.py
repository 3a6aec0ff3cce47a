"""From rows of an episode file to updated weights: tasks a second, the outer optimiser included."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks import loading
from benchmarks.meta_gradient import fastest_chunk_size, ours
from benchmarks.peers import Gradient, Peer, gradients
from benchmarks.settings import Setting, settings
from benchmarks.timing import alternated, row
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples

META_LR = 0.001


def table() -> list[str]:
    """Tasks a second. Peers read the same array as we do, or open PNG files."""
    peers = gradients()
    shapes = [setting for setting in settings() if setting.steps == 1]
    with tempfile.TemporaryDirectory() as folder:
        files = loading.PngFiles(Path(folder))
        cells = [_cells(setting, peers, files) for setting in shapes]
    head = [
        "setting",
        "order",
        "ours",
        *peers,
        *(f"{name}, PNG files" for name in peers),
        "ours / fastest",
        "ours / fastest, PNG",
    ]
    return [*row(head, rule=True), *(line for each in cells for line in row(each))]


def _cells(setting: Setting, peers: dict[str, Peer], files: loading.PngFiles) -> list[str]:
    params, episodes = setting.params(), setting.episodes()
    index = np.arange(setting.tasks)
    chunk_size = fastest_chunk_size(setting, params, episodes)
    contenders = {"ours": stepping(params, lambda mine: ours(setting, mine, episodes, chunk_size))}
    for name, peer in peers.items():
        contenders[name] = stepping(params, _reading(setting, peer, lambda: episodes.batch(index)))
    for name, peer in peers.items():
        contenders[f"{name}, PNG files"] = stepping(
            params,
            _reading(
                setting, peer, lambda: stacked([files.episode(one, setting.shot) for one in episodes.rows[index]])
            ),
        )
    rates = {name: setting.tasks / taken for name, taken in alternated(contenders, rounds=5).items()}
    memory, disk = (max(rates[f"{name}{end}"] for name in peers) for end in ("", ", PNG files"))
    return [
        setting.name,
        "first" if setting.first_order else "second",
        *(f"{rate:.1f}" for rate in rates.values()),
        f"{rates['ours'] / memory:.2f}",
        f"{rates['ours'] / disk:.2f}",
    ]


def stepping(params: Params, gradient_at: Callable[[Params], Callable[[], Gradient]]) -> Callable[[], None]:
    """One meta-step by Adam, in place, on copies of its own."""
    mine = {name: value.clone() for name, value in params.items()}
    optimiser = torch.optim.Adam(mine.values(), lr=META_LR)
    gradient = gradient_at(mine)

    def step() -> None:
        for name, value in gradient().items():
            mine[name].grad = value.detach().contiguous()
        optimiser.step()

    return step


def _reading(setting: Setting, peer: Peer, read: Callable[[], Episode]) -> Callable[[Params], Callable[[], Gradient]]:
    return lambda params: lambda: peer(setting, params, read())


def stacked(episodes: list[Episode]) -> Episode:
    """A batch of episodes."""
    parts = (
        Examples(*(torch.stack(values) for values in zip(*part, strict=True))) for part in zip(*episodes, strict=True)
    )
    return Episode(*parts)
