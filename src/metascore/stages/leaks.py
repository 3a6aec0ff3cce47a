"""Whether the characters of test episodes stayed out of training and validation: from the split and episode files."""

from pathlib import Path

import numpy as np
import pandas as pd

from metascore.controls import check_unseen
from metascore.episodes import Shape, check_rows
from metascore.errors import UserError
from metascore.files import read_json
from metascore.params import Config
from metascore.splits import character_names


def check_leaks(config: Config, data: Path) -> None:
    """Raise UserError if a character of the split's test part, or of a test episode, was trained or chosen on."""
    shapes = [shape for shape in config.episode_files().values() if shape.problem == "omniglot"]
    if not shapes:
        return
    names = _names(data / "omniglot" / "characters.csv")
    used = {shape: _characters(data / "episodes", shape, len(names)) for shape in shapes}
    held_out = _held_out(data / "splits" / f"{config.split['name']}.json")
    test = np.unique(np.concatenate([held_out, *(used[shape] for shape in shapes if shape.part == "test")]))
    for shape in shapes:
        if shape.part != "test":
            check_unseen(test, used[shape], names, str(data / "episodes" / shape.file))


def _names(path: Path) -> list[str]:
    try:
        return character_names(pd.read_csv(path))
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: run `metascore data`") from error


def _held_out(path: Path) -> np.ndarray:
    split = read_json(path)
    try:
        return np.array(split["test"], dtype=np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}: no list `test` of character indices: run `metascore split`") from error


def _characters(folder: Path, shape: Shape, characters: int) -> np.ndarray:
    path = folder / shape.file
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path}: cannot be read ({error}): run `metascore episodes --file {shape.file}`") from error
    check_rows(rows, shape, characters)
    return np.unique(rows["character"])
