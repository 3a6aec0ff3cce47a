"""Command croissant: metadata of the budget's episode files, beside them."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

import metascore
from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import read_array, read_json, sha256, write_json
from metascore.problems.base import Problem
from metascore.problems.episode_file import EpisodeFile
from metascore.report import croissant
from metascore.report.croissant import EpisodeArray
from metascore.store.paths import DATA, EPISODES

log = logging.getLogger(__name__)


def run(config: Config, folder: Path = EPISODES) -> None:
    """Write data/episodes/croissant-{budget}.json. Raises UserError where a file has not been drawn yet."""
    files = [_described(file, folder) for file in config.episode_files().values()]
    data = "; ".join(dict.fromkeys(problem.data(_is_synthetic(problem)) for problem in config.tasks.values()))
    path = folder / f"croissant-{config.budget}.json"
    write_json(path, croissant.described(files, config.budget, metascore.__version__, data))
    log.info("%s: %d episode files", path, len(files))


def _is_synthetic(problem: Problem) -> bool:
    """Whether the examples that its episodes name were made here."""
    return bool(problem.source and read_json(DATA / problem.source)["synthetic"])


def _described(file: EpisodeFile, folder: Path) -> EpisodeArray:
    path = folder / file.name
    if not path.is_file():
        raise UserError(f"{path}: not drawn yet: run `snakemake {path}`")
    rows: np.ndarray = read_array(path, f"delete it and run `snakemake {path}`", mapped=True)
    return EpisodeArray(
        file.name, file.problem.name, file.part, len(rows), rows.dtype, path.stat().st_size, sha256(path)
    )
