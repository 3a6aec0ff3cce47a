"""The settings that determine each file of data, from params.yaml. Must not import torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from metascore.config.params import Config
from metascore.data import folder
from metascore.files import expanded, sha256
from metascore.problems.episode_file import EpisodeFile

LOOK = ("size", "channels", "invert")
Settings = dict[str, Any]


def of_pictures(config: Config, data_set: str) -> Settings:
    """Of a folder of pictures: how they are read, and a fingerprint of the files' names, sizes and times."""
    settings = config.folders[data_set]
    place = expanded(settings["path"])
    look = {key: settings.get(key, False) for key in LOOK}
    return look | {"files": folder.fingerprint(folder.listed(place).files, place)}


def of_split(config: Config, name: str) -> Settings:
    """Of a split such as `lake` or `flowers/class`: its numbers, and the digests of the user's own lists."""
    data_set, _, own = name.rpartition("/")
    settings = dict(config.folders[data_set].get("split", {})) if data_set else config.split
    lists = own_lists(name, settings)
    settings = settings if lists or "file" not in settings else settings | {"file": None}
    return settings | {"name": own, "lists": {str(path): sha256(path) for path in lists if path.is_file()}}


def own_lists(split: str, settings: Mapping[str, Any]) -> list[Path]:
    """The user's lists of classes that a split is made from: one file, or the text files of a folder."""
    if split.rpartition("/")[2] != "file" or not settings.get("file"):
        return []
    path = expanded(settings["file"])
    return sorted(path.glob("*.txt")) if path.is_dir() else [path]


def split_settings(config: Config, name: str) -> Mapping[str, Any]:
    """The section of params.yaml that a split is made by."""
    data_set = name.rpartition("/")[0]
    return dict(config.folders[data_set].get("split", {})) if data_set else config.split


def of_episodes(config: Config, file: EpisodeFile) -> Settings:
    """Of an episode file: its problem, part and count, how episodes are drawn, and the splits of their classes."""
    problem, drawn = file.problem, config.episodes
    return {
        "problem": {"kind": problem.name} | asdict(problem),
        "part": file.part,
        "count": file.count,
        "drawn": drawn | {"rotate": file.part in drawn["rotate"]},
        "splits": {split: of_split(config, split) for split in splits_of(config, file)},
    }


def splits_of(config: Config, file: EpisodeFile) -> list[str]:
    """The splits that the classes of an episode file are drawn from, such as `lake` or `flowers/class`."""
    names = [name for name in file.problem.drawn_from(config.split["name"]) if name.startswith("splits/")]
    return [name.removeprefix("splits/").removesuffix(".json") for name in names]


def data_sets_of(files: Iterable[EpisodeFile]) -> list[str]:
    """The data sets that episodes are made of: Omniglot, or folders of pictures."""
    inputs = [Path(name).parent for file in files for name in file.problem.inputs]
    return list(dict.fromkeys(folder.name for folder in inputs))
