"""Runs that come with the project: the results of budgets that are `published`, which git keeps. Must not import torch.

Data and episodes don't come with them. A run that was made from files of the same names and digests is done, whenever
these files are made; so they count as old. What is recorded is believed once `difference` found nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from snakemake.io import ancient

from metascore.config.params import Config, Run
from metascore.config.recipe import Recipe
from metascore.errors import UserError
from metascore.files import read_json, sha256
from metascore.store import inputs
from metascore.store.paths import Results

HEADER = 8  # bytes of a safetensors file that say how long the description of its tensors is
FILES = (
    "checkpoint",
    "training",
    "record",
    "score",
    "evaluation_record",
    "figure_data",
)  # of a run: methods of Results


def settled(files: Iterable[str], recorded: Mapping[str, str]) -> list[Any]:
    """These inputs; as old ones where a run was made from them, or from what will be made again in their places."""
    return [old(file) if _is_as_recorded(file, recorded) else file for file in files]


def old(file: str) -> Any:
    """An input whose time of modification counts for nothing."""
    return ancient(file)


def identity(results: Results, run: Any) -> dict[str, Any]:
    """What a checkpoint says of its training; nothing where there is none that can be read."""
    try:
        return said_of(results.checkpoint(run))
    except UserError:
        return {}


def said_of(checkpoint: Path) -> dict[str, Any]:
    """What a checkpoint says of its training, read without torch. Raises UserError where it is none."""
    try:
        with checkpoint.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(HEADER), "little")))
        said: dict[str, Any] = json.loads(header["__metadata__"]["metascore"])["metadata"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{checkpoint}: does not say how it was trained: delete it and run `snakemake`") from error
    return said


def evaluation_record(results: Results, run: Any) -> dict[str, Any]:
    """What a run was judged on, and by what; nothing where there is no record."""
    try:
        found = read_json(results.evaluation_record(run))
    except UserError:
        return {}
    return found if isinstance(found, dict) else {}


def is_here(results: Results, run: Run) -> bool:
    """Whether all files of a run lie here."""
    return all(getattr(results, name)(run).is_file() for name in FILES)


def those_here(config: Config) -> list[Run]:
    """The budget's runs that lie here."""
    return [run for run in config.runs() if is_here(Results.of(config), run)]


def differences(config: Config, code: Callable[[str], Callable[[Run], str]]) -> dict[Run, str]:
    """What makes those runs that lie here others than would be made; `code(stage)(run)` is the digest of its code."""
    here = those_here(config)
    codes = {run: {"train": code("train")(config.training_of(run)), "finetune": code("finetune")(run)} for run in here}
    found = {run: difference(config, run, codes[run]) for run in here}
    return {run: what for run, what in found.items() if what is not None}


def difference(config: Config, run: Run, codes: Mapping[str, str]) -> str | None:
    """What makes a run that lies here another one than would be made; None where nothing does.

    `codes` are the digests of the code of `train` and `finetune`.
    """
    results, training = Results.of(config), config.training_of(run)
    recipes = [_as_read(config.recipe(one.task, one.learner)) for one in (training, run)]
    trained, tested = identity(results, run), evaluation_record(results, run)
    facts = {
        "run": ([trained.get(key) for key in asdict(run)], list(asdict(training).values())),
        "recipe": ([trained.get("recipe"), tested.get("recipe", trained.get("recipe"))], recipes),
        "code of train": (trained.get("code"), codes["train"]),
        "code of finetune": (tested.get("code"), codes["finetune"]),
        "training episodes": (sorted(trained.get("inputs", {})), _names(config.training_files(run.task, run.learner))),
        "test episodes": (sorted(tested.get("inputs", {})), _names([config.test_file(run.task)])),
    }
    return next((name for name, (found, expected) in facts.items() if found != expected), None) or _changed(
        trained["inputs"] | tested["inputs"]
    )


def _as_read(recipe: Recipe) -> Any:
    """What JSON makes of it: no tuples."""
    return json.loads(json.dumps(asdict(recipe)))


def _names(files: Any) -> list[str]:
    return sorted(map(str, inputs.input_files(files)))


def _changed(recorded: Mapping[str, str]) -> str | None:
    return next((file for file in recorded if not _is_as_recorded(file, recorded)), None)


def _is_as_recorded(file: str, recorded: Mapping[str, str]) -> bool:
    """Whether a run was made from this file, or the file is not here yet."""
    if file not in recorded:
        return False
    path = Path(file)
    return not path.exists() or _digest(file, path.stat().st_mtime_ns) == recorded[file]


@cache
def _digest(file: str, modified_ns: int) -> str:
    return sha256(file)
