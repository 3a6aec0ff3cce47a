"""The configuration that a workflow starts with. Must not import torch."""

import sys
from pathlib import Path
from typing import Any

from metascore.config import loading
from metascore.config.params import Config
from metascore.errors import UserError
from metascore.store import packs
from metascore.store.paths import Results


def load(command_line: dict[str, Any]) -> Config:
    """params.yaml at the budget that `--config budget=...` names. One line and exit status 1 where either is wrong."""
    unknown = command_line.keys() - {"budget"}
    try:
        if not Path("params.yaml").exists():
            raise UserError("params.yaml: not in this folder: run snakemake in the project's folder")
        if unknown:
            raise UserError(f"--config {min(unknown)}: only `budget` can be set: edit params.yaml or the budget's file")
        config = loading.load("params.yaml", _name(command_line.get("budget")))
    except UserError as error:
        sys.exit(f"params: {error}")
    sys.stderr.writelines(f"{line}\n" for line in config.warnings())
    return config


def unpack(config: Config) -> None:
    """Unpack the budget's published runs that are missing here. One line and exit status 1 where a pack is damaged."""
    try:
        packs.unpack(Results.of(config).folder)
    except UserError as error:
        sys.exit(f"results: {error}")


def _name(budget: Any) -> str | None:
    if budget is not None and not isinstance(budget, str):
        raise UserError(f"--config budget={budget}: not the name of a budget: write `--config budget=smoke`")
    return budget
