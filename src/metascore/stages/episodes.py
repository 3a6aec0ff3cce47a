"""Stage `episodes`: draw one episode file from the split and freeze it."""

from __future__ import annotations

import numpy as np

from metascore.config.params import Config
from metascore.data.episodes import CHARACTERS, Shape, draw_omniglot, draw_sine
from metascore.data.splits import members
from metascore.errors import UsageError
from metascore.files import read_json, write_array
from metascore.store.paths import EPISODES


def run(config: Config, file: str) -> None:
    """Write data/episodes/{file}; `file` is one of those that the budget needs."""
    known = config.episode_files()
    if file not in known:
        raise UsageError(f"--file {file}: not needed by budget {config.budget}: one of {', '.join(known)}")
    write_array(EPISODES / file, _draw(config, known[file]))


def _draw(config: Config, shape: Shape) -> np.ndarray:
    settings = config.episodes
    count, seed = config.count(shape.problem, shape.part), settings["seed"]
    if shape.problem == "sine":
        return draw_sine(shape, count, settings["grid"] and shape.part != "train", seed)
    path = f"data/splits/{config.split['name']}.json"
    characters = members(read_json(path), shape.part, path, CHARACTERS)
    return draw_omniglot(shape, characters, count, shape.part in settings["rotate"], seed)
