"""The training.csv of all runs in one table that grows while they train, so that `dvc plots show` has one file to read.

DVC looks for a run's own training.csv, which is an output, in its cache.
"""

import csv
import threading
import time
from contextlib import suppress

from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import write_rows
from metascore.store.paths import TRAINING_COLUMNS, Results

COLUMNS = ("task", "learner", "seed", *TRAINING_COLUMNS)
SECONDS_BETWEEN_LOOKS = 5.0


def follow(config: Config) -> None:
    """Keep the table until this process ends."""
    threading.Thread(target=_keep, args=(config,), daemon=True).start()


def write(config: Config) -> None:
    """Write results/{budget}/training.csv."""
    results, rows = Results.of(config), []
    for run in config.trainings():
        with suppress(FileNotFoundError), results.training(run).open(encoding="utf-8", newline="") as file:
            rows += [vars(run) | {name: row.get(name) for name in TRAINING_COLUMNS} for row in csv.DictReader(file)]
    with suppress(OSError, UserError):  # the workflow goes on without plots
        if rows:
            write_rows(results.folder / "training.csv", COLUMNS, rows)


def _keep(config: Config) -> None:
    while True:
        write(config)
        time.sleep(SECONDS_BETWEEN_LOOKS)
