"""params.yaml and the budgets in params/ beside it, read and checked. Imports no torch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from metascore.config import checks, documents
from metascore.config.documents import Document
from metascore.config.params import Config
from metascore.config.schema import check_schema
from metascore.errors import UsageError

FOLDER = "params"  # of the budgets
NAME = re.compile(r"[a-z][a-z0-9_]*")  # of a budget: what editors leave beside them is none


def load(path: str | Path = "params.yaml", budget: str | None = None, lengths: bool = True) -> Config:
    """Read params.yaml and all budgets, the files in params/ beside it, and check every key of them.

    Without `lengths`, those of trainings may be missing: who measures them asks so.
    Raises UsageError: one line with file, line, key, value and what is allowed.
    """
    path = Path(path)
    files = sorted((path.parent / FOLDER).glob("[a-z]*.yaml"))
    budgets = {file.stem: documents.read(file) for file in files if NAME.fullmatch(file.stem)}
    return validated(documents.read(path), budgets, budget, lengths)


def validated(
    params: Document, budgets: Mapping[str, Document], budget: str | None = None, lengths: bool = True
) -> Config:
    """A Config of these files, after checking them against the schema, the learners' files and the data."""
    check_schema("params", params)
    for document in budgets.values():
        check_schema("budget", document)
    config = Config(params, budgets, budget or params.values["budget"])
    if config.budget not in budgets:
        known = ", ".join(sorted(budgets)) or "none"
        file = f"{FOLDER}/{config.budget}.yaml"
        raise UsageError(f"budget: {config.budget!r} is not defined: choose one of {known}, or write {file}")
    checks.check(config, lengths)
    return config
