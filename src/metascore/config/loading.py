"""params.yaml and the budgets in params/ beside it, read and checked. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from metascore.config import checks, documents, schema
from metascore.config.documents import Document
from metascore.config.params import Config
from metascore.errors import UsageError

FOLDER = "params"  # of the budgets


def load(path: str | Path = "params.yaml", budget: str | None = None, lengths: bool = True) -> Config:
    """Read and check params.yaml and all budgets, the files in params/ beside it.

    Runs whose training has no length are left out (see `Config.warnings`), unless `lengths` is False.
    Raises UsageError: one line with file, line, key, value and what is allowed.
    """
    path = Path(path)
    budgets = [file for file in sorted((path.parent / FOLDER).glob("*.yaml")) if schema.NAME.fullmatch(file.stem)]
    files = {file.stem: documents.read(file) for file in budgets}
    return validated(documents.read(path), files, budget, lengths)


def validated(
    params: Document, budgets: Mapping[str, Document], budget: str | None = None, lengths: bool = True
) -> Config:
    """A Config of these files, after all checks."""
    schema.check(params, (), schema.section(schema.PARAMS), params.values)
    config = Config(params, budgets, budget or params.values["budget"], lengths=lengths)
    if config.budget not in budgets:
        known, file = documents.listed(budgets) or "none", f"{FOLDER}/{config.budget}.yaml"
        raise UsageError(f"budget: {config.budget!r} is not defined: choose one of {known}, or write {file}")
    checks.check(config)
    if not config.runs():
        raise UsageError("; ".join(config.warnings()) or f"{config.of_budget.file}: no learner can run on its tasks")
    checks.check_shapes(config)
    return config
