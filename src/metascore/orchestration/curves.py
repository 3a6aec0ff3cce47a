"""The learning curves of a budget's runs in one table, results/{budget}/training.csv, that grows while they train.

`dvc plots show` can read it at any time. What a run has so far is in its own training.csv, among outputs that DVC looks
for in its cache while they change.
"""

import atexit
import csv
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import write_rows
from metascore.store.paths import TRAINING_COLUMNS, Results

COLUMNS = ("task", "learner", "seed", *TRAINING_COLUMNS)
SECONDS = 5.0  # between two looks


class Curves:
    """Of the runs of one budget."""

    def __init__(self, config: Config) -> None:
        self.runs, self.results = config.trainings(), Results.of(config)
        self._seen: dict[Run, int] = {}
        self._ended = threading.Event()

    @property
    def table(self) -> Path:
        """Where it lies."""
        return self.results.folder / "training.csv"

    def follow(self) -> None:
        """Keep the table until this process ends."""
        thread = threading.Thread(target=self._keep, daemon=True)
        thread.start()
        atexit.register(thread.join)
        atexit.register(self._ended.set)  # the last registered comes first

    def update(self) -> None:
        """Write the table anew if a run has a new row."""
        found = dict(self._changes())
        if found != self._seen:
            self._seen = found
            with suppress(OSError, UserError):  # nobody's work ends because it can't be plotted
                write_rows(self.table, COLUMNS, [row for run in found for row in self._rows(run)])

    def _keep(self) -> None:
        while not self._ended.wait(SECONDS):
            self.update()
        self.update()

    def _changes(self) -> Iterator[tuple[Run, int]]:
        for run in self.runs:
            with suppress(FileNotFoundError):
                yield run, self.results.training(run).stat().st_mtime_ns

    def _rows(self, run: Run) -> Iterator[dict[str, object]]:
        with self.results.training(run).open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield vars(run) | {name: row.get(name) for name in TRAINING_COLUMNS}
