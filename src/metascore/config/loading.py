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
Texts = tuple[tuple[str, str], ...]  # a file and what it says, each: params.yaml, then the budgets
NAME = re.compile(r"[a-z][a-z0-9_]*")  # of a budget: what editors leave beside them is none


def load(path: str | Path = "params.yaml", budget: str | None = None, lengths: bool = True) -> Config:
    """Read params.yaml and all budgets, the files in params/ beside it, and check every key of them.

    Without `lengths`, those of trainings may be missing: who measures them asks so.
    Raises UsageError: one line with file, line, key, value and what is allowed.
    """
    config = checked(texts(path), budget, lengths)
    checks.check_shapes(config)
    return config


def texts(path: str | Path = "params.yaml") -> Texts:
    """What params.yaml and all budgets say. Raises UsageError where one can't be read."""
    path = Path(path)
    budgets = sorted((path.parent / FOLDER).glob("[a-z]*.yaml"))
    return tuple((str(file), documents.text(file)) for file in [path, *budgets] if file == path or _is_budget(file))


def _is_budget(file: Path) -> bool:
    return NAME.fullmatch(file.stem) is not None


def checked(texts: Texts, budget: str | None = None, lengths: bool = True) -> Config:
    """A Config of what these files say, after all checks but the one that looks at the data."""
    params, *budgets = (documents.parsed(text, file) for file, text in texts)
    return _checked(params, {Path(one.file).stem: one for one in budgets}, budget, lengths)


def validated(
    params: Document, budgets: Mapping[str, Document], budget: str | None = None, lengths: bool = True
) -> Config:
    """A Config of these files, after checking them against the schema, the learners' files and the data."""
    config = _checked(params, budgets, budget, lengths)
    checks.check_shapes(config)
    return config


def _checked(params: Document, budgets: Mapping[str, Document], budget: str | None, lengths: bool) -> Config:
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
