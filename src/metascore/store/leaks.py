"""Check that classes of test episodes are not used in training and validation, from the split and episode files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int

from metascore.config.params import Config
from metascore.data import classes, near_equal
from metascore.data.characters import members
from metascore.data.class_splits import check_namesakes
from metascore.data.splits import PARTS
from metascore.files import read_array, read_json
from metascore.problems.episode_file import EpisodeFile
from metascore.scoring.controls import check_unseen


def check_leaks(config: Config, data: Path) -> None:
    """Raise UserError if a class of a split's test part, or of a test episode, was trained or chosen on."""
    for (table, split), files in by_classes(config).items():
        names = files[0].problem.class_names(data / table)
        used = {file: _classes(data / "episodes", file, len(names)) for file in files}
        held_out = _held_out(data / split, len(names))
        test = np.unique(np.concatenate([held_out, *(used[file] for file in files if file.part == "test")]))
        for file in files:
            if file.part != "test":
                check_unseen(test, used[file], names, str(data / "episodes" / file.name))
        if files[0].problem.name == "images":
            _check_pictures(data, table, split)


def _check_pictures(data: Path, table: str, split: str) -> None:
    """Look for one class under two names, and for copies of pictures, in a data set of the user's own."""
    rows, parts = classes.read(data / table), read_json(data / split)
    used = sorted(index for part in PARTS for index in members(parts, part, str(data / split), len(rows)))
    check_namesakes([rows[index].name for index in used], Path(split).stem, str(data / split))
    images = (data / table).with_name("images.npy")
    if images.exists():
        near_equal.warn(parts, rows, images, str(data / split))


def by_classes(config: Config) -> dict[tuple[str, str], list[EpisodeFile]]:
    """The budget's episode files whose classes must not meet, by the table that names the classes and the split."""
    found: dict[tuple[str, str], list[EpisodeFile]] = {}
    for file in config.episode_files().values():
        if file.problem.classes is not None:
            split = file.problem.drawn_from(config.split["name"])[0]
            found.setdefault((file.problem.classes, split), []).append(file)
    return found


def leak_files(config: Config) -> list[str]:
    """What the check reads, below data/."""
    groups = by_classes(config)
    files = [file for its_files in groups.values() for file in its_files]
    return [*dict.fromkeys(name for pair in groups for name in pair), *(f"episodes/{file.name}" for file in files)]


def _held_out(path: Path, count: int) -> np.ndarray:
    return np.array(members(read_json(path), "test", str(path), count), dtype=np.int64)


def classes_of_episodes(file: EpisodeFile, data: Path) -> Int[np.ndarray, "episode class"] | None:
    """The classes of each episode of a file that was checked; None where the problem has no table of them."""
    if file.problem.classes is None:
        return None
    return file.problem.classes_of(read_array(data / "episodes" / file.name, _draw_again(file)))


def _draw_again(file: EpisodeFile) -> str:
    return f"run `metascore episodes --file {file.name}`"


def _classes(folder: Path, file: EpisodeFile, count: int) -> np.ndarray:
    path = folder / file.name
    rows = read_array(path, _draw_again(file))
    problem = replace(file.problem, num_classes=count)
    problem.check_rows(rows, str(path))
    return problem.classes_in(rows)
