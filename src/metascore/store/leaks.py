"""Whether the characters of test episodes stayed out of training and validation: from the split and episode files."""

from pathlib import Path

import numpy as np
import pandas as pd

from metascore.config.params import Config
from metascore.data.episodes import Shape, check_rows
from metascore.data.splits import character_names, members
from metascore.errors import UserError
from metascore.files import read_array, read_json
from metascore.scoring.controls import check_unseen


def check_leaks(config: Config, data: Path) -> None:
    """Raise UserError if a character of the split's test part, or of a test episode, was trained or chosen on."""
    shapes = [shape for shape in config.episode_files().values() if shape.problem == "omniglot"]
    if not shapes:
        return
    names = _names(data / "omniglot" / "characters.csv")
    used = {shape: _characters(data / "episodes", shape, len(names)) for shape in shapes}
    held_out = _held_out(data / "splits" / f"{config.split['name']}.json", len(names))
    test = np.unique(np.concatenate([held_out, *(used[shape] for shape in shapes if shape.part == "test")]))
    for shape in shapes:
        if shape.part != "test":
            check_unseen(test, used[shape], names, str(data / "episodes" / shape.file))


def _names(path: Path) -> list[str]:
    try:
        return character_names(pd.read_csv(path))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: run `metascore data`") from error


def _held_out(path: Path, characters: int) -> np.ndarray:
    return np.array(members(read_json(path), "test", str(path), characters), dtype=np.int64)


def _characters(folder: Path, shape: Shape, characters: int) -> np.ndarray:
    path = folder / shape.file
    rows = read_array(path, f"run `metascore episodes --file {shape.file}`")
    check_rows(rows, shape, characters)
    return np.unique(rows["character"])
