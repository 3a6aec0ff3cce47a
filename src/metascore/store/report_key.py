"""The key of a report: what its tables and figures are made from. Must not import torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import read_json
from metascore.report import learner_pages
from metascore.store.paths import Results

PACKAGE = Path(__file__).parents[1]
DRAWN_BY = ("report", "scoring", "stages/aggregate.py")
SUFFIXES = (".py", ".csv", ".jinja")


def of(config: Config, results: Results) -> str:
    """SHA-256 over the settings, the keys, scores and figure data of all runs, and the code that draws.

    Times and machines of the runs are no part of it: a reproduction to the same bits has the same report.
    """
    digest = hashlib.sha256(json.dumps(_settings(config), sort_keys=True, default=vars).encode())
    digest.update(_code().encode())
    for run in config.runs():
        record = read_json(results.record(run))
        digest.update(json.dumps(record.get("key"), sort_keys=True).encode())
        digest.update(results.score(run).read_bytes() + results.figure_data(run).read_bytes())
    return digest.hexdigest()


def stored(results: Results) -> str | None:
    """The key of the report that is here; None where there is none."""
    try:
        digests = read_json(results.digests)
    except UserError:
        return None
    return str(digests.get("report")) if isinstance(digests, dict) and results.metrics.is_file() else None


def _settings(config: Config) -> list[Any]:
    pages = learner_pages.digest({run.learner: config.entries[run.learner].file for run in config.runs()})
    pairs = {name: entry.trained_as for name, entry in config.entries.items()}
    return [pages, config.tasks, pairs, config.seeds, config.split["name"], config.episodes]


@cache
def _code() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for name in DRAWN_BY:
        path = PACKAGE / name
        found = sorted(path.rglob("*.*")) if path.is_dir() else [path]
        yield from (one for one in found if one.suffix in SUFFIXES)
