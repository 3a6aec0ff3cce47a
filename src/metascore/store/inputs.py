"""What meta-training and fine-tuning read: frozen episodes and what they are made of, checked before use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from metascore.files import read_array
from metascore.problems.base import REDRAW
from metascore.problems.episode_file import EpisodeFile
from metascore.problems.examples import Episodes
from metascore.store.paths import DATA, EPISODES

if TYPE_CHECKING:
    import torch


def sized(files: Sequence[EpisodeFile], data: Path = DATA) -> list[EpisodeFile]:
    """These files, of one kind of problem, with what only its data can say, such as how many classes there are."""
    return [replace(file, problem=file.problem.sized(data)) for file in files]


def read_episodes(files: Sequence[EpisodeFile], device: torch.device, data: Path = DATA) -> list[Episodes]:
    """The frozen episodes of these files, of one kind of problem, on a device; they share what they are made of."""
    problem = files[0].problem
    material = problem.read([data / name for name in problem.inputs], device)
    found = []
    for file in files:
        path = data / EPISODES.name / file.name
        rows = read_array(path, REDRAW, mapped=True)
        file.problem.check_rows(rows, str(path))
        found.append(file.problem.episodes(rows, material))
    return found


def input_files(files: Sequence[EpisodeFile]) -> list[Path]:
    """The files behind these episodes."""
    material = dict.fromkeys(DATA / name for file in files for name in file.problem.inputs)
    return [*material, *(EPISODES / file.name for file in files)]
