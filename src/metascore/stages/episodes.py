"""Stage `episodes`: draw one episode file from the split and freeze it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from metascore.episodes import Shape, draw_omniglot, draw_sine
from metascore.errors import UsageError
from metascore.files import atomic_path, read_json
from metascore.params import Config

EPISODES = Path("data/episodes")


def run(config: Config, file: str) -> None:
    """Write data/episodes/{file}; `file` is one of those that the budget needs."""
    known = config.episode_files()
    if file not in known:
        raise UsageError(f"--file {file}: not needed by budget {config.budget}: one of {', '.join(known)}")
    rows = _draw(config, known[file])
    with atomic_path(EPISODES / file) as path:
        np.save(path, rows, allow_pickle=False)


def _draw(config: Config, shape: Shape) -> np.ndarray:
    settings = config.episodes
    count, seed = config.count(shape.problem, shape.part), settings["seed"]
    if shape.problem == "sine":
        return draw_sine(shape, count, settings["grid"] and shape.part != "train", seed)
    split = read_json(f"data/splits/{config.split['name']}.json")
    return draw_omniglot(shape, split[shape.part], count, shape.part in settings["rotate"], seed)
