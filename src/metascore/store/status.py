"""Which results are done: they are here and have the key that they would get today. Must not import torch.

A result that is here and has another key is stale, and so is one that is made from something stale.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from metascore.config.params import OMNIGLOT, Config, Run
from metascore.errors import UserError
from metascore.files import read_json
from metascore.problems.episode_file import EpisodeFile
from metascore.store import data_settings, report_key, run_key, stand_ins
from metascore.store.paths import EPISODES, PICTURES, SOURCE, Results, split_file
from metascore.store.run_key import Key


class Status(NamedTuple):
    """Whether a result is here, and what makes it another one than would be made today."""

    is_here: bool
    reason: str | None = None

    @property
    def is_done(self) -> bool:
        return self.is_here and self.reason is None

    @property
    def is_stale(self) -> bool:
        return self.is_here and self.reason is not None


class Statuses:
    """The status of everything that a budget's jobs make; each is determined once."""

    def __init__(self, config: Config) -> None:
        self.config, self.results = config, Results.of(config)
        self._known: dict[object, Status] = {}

    def data_set(self, name: str) -> Status:
        """Omniglot, or a folder of pictures."""
        return self._once(("data set", name), lambda: self._omniglot() if name == OMNIGLOT else self._pictures(name))

    def split(self, name: str) -> Status:
        """A split such as `lake` or `flowers/class`."""
        return self._once(("split", name), lambda: self._split(name))

    def episodes(self, file: EpisodeFile) -> Status:
        """An episode file."""
        return self._once(("episodes", file.name), lambda: self._episodes(file))

    def training(self, run: Run) -> Status:
        """The training that a run is evaluated with."""
        training = self.config.training_of(run)
        return self._once(("training", training), lambda: self._training(training))

    def evaluation(self, run: Run) -> Status:
        """The evaluation of a run on the test episodes."""
        return self._once(("evaluation", run), lambda: self._evaluation(run))

    @cached_property
    def report(self) -> Status:
        """Metrics, tables, figures and the page."""
        stored = report_key.stored(self.results)
        if stored is None or not all(self.evaluation(run).is_done for run in self.config.runs()):
            return Status(stored is not None, "other runs")
        return Status(
            True, None if stored == report_key.of(self.config, self.results) else "other runs, settings or drawings"
        )

    def _training(self, run: Run) -> Status:
        files = self.config.training_files(run.task, run.learner)
        return _compared(
            run_key.stored_training_key(self.results, run),
            run_key.training_key(self.config, run),
            *map(self.episodes, files),
            *map(self.data_set, data_settings.data_sets_of(files)),
        )

    def _evaluation(self, run: Run) -> Status:
        files, training = [self.config.test_file(run.task)], self.training(run)
        status = _compared(
            run_key.stored_evaluation_key(self.results, run),
            run_key.evaluation_key(self.config, run),
            *map(self.episodes, files),
            *map(self.data_set, data_settings.data_sets_of(files)),
            training,
        )
        return status if training.is_here else Status(status.is_here, "not trained")

    def _split(self, name: str) -> Status:
        data_set = self.data_set(name.rpartition("/")[0] or OMNIGLOT)
        return _compared(_stored(split_file(name)), run_key.split_key(self.config, name), data_set)

    def _episodes(self, file: EpisodeFile) -> Status:
        splits = [self.split(name) for name in data_settings.splits_of(self.config, file)]
        return _compared(_stored(EPISODES / file.name), run_key.episodes_key(self.config, file), *splits)

    def _omniglot(self) -> Status:
        source = _read(SOURCE)
        if source is None:
            return Status(False)
        glyphs = source.get("synthetic") and source.get("seed") != self.config.data["glyphs_seed"]
        stand_in = stand_ins.found(self.config.data)
        gives_way = stand_in is not None and stand_in.gives_way
        return Status(True, "another seed of the glyphs" if glyphs else "OMNIGLOT_MIRROR is set" if gives_way else None)

    def _pictures(self, name: str) -> Status:
        source = _read(PICTURES / name / "source.json")
        if source is None:
            return Status(False)
        wanted = data_settings.of_pictures(self.config, name)
        return Status(True, None if wanted.items() <= source.items() else "other pictures")

    def _once(self, key: object, determine: Callable[[], Status]) -> Status:
        if key not in self._known:
            self._known[key] = determine()
        return self._known[key]


def _stored(file: Path) -> Key | None:
    """The key of a split or an episode file; None where the file is missing, {} where it has no key."""
    return (_read(run_key.beside(file)) or {}) if file.is_file() else None


def _compared(stored: Key | None, wanted: Key, *above: Status) -> Status:
    if stored is None:
        return Status(False)
    stale = next((one.reason for one in above if one.is_stale), None)
    return Status(True, stale or run_key.difference(stored, wanted))


def _read(path: Path) -> Key | None:
    try:
        content = read_json(path)
    except UserError:
        return None
    return content if isinstance(content, dict) else None
