"""What the GPU's machine is given: resolved recipes, episodes and images, made where the project is installed.

    python -m benchmarks.gpu.carried DIR        writes recipes.json, omniglot.npz and the episode files of `quick`

With them the GPU's machine needs no configuration (pydantic) and no download.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

RECIPES, IMAGES, SCORES = "recipes.json", "omniglot.npz", "scores.csv"
JUDGED = ("protonet", "maml", "mann")  # trained at `quick` as on a CPU
TASK = "omniglot_5w1s"
BUDGETS = ("smoke", "quick")


@dataclass(frozen=True)
class Carried:
    """One learner on one task at one budget, resolved."""

    budget: str
    task: str
    entry: str
    learner: str  # its file
    hyper_parameters: dict[str, Any]
    training: dict[str, Any]
    problem: str  # its kind
    files: dict[str, dict[str, Any]]  # by part: name of the episode file, fields of the problem

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.entry} on {self.task}"


def read(folder: Path | None) -> list[Carried]:
    """The recipes in a folder; those of params.yaml where there is none."""
    if folder is None:
        return list(resolved())
    return [Carried(**one) for one in json.loads((folder / RECIPES).read_text(encoding="utf-8"))]


def resolved() -> Iterator[Carried]:
    """Every learner on a task of each kind of problem, at `smoke` or `quick`; JUDGED at `quick`."""
    from metascore.config.loading import load

    seen: set[tuple[str, str]] = set()
    for budget in BUDGETS:
        config = load("params.yaml", budget)
        for task, entry in config.pairs():
            kind = (config.tasks[task].name, entry)
            if kind not in seen or (task == TASK and entry in JUDGED):
                yield _carried(config, budget, task, entry)
            seen.add(kind)


def _carried(config: Any, budget: str, task: str, entry: str) -> Carried:
    recipe = config.recipe(task, entry)
    training, validation = config.training_files(task, entry)
    files = {"train": training, "validation": validation, "test": config.test_file(task)}
    return Carried(
        budget,
        task,
        entry,
        recipe.learner,
        recipe.hyper_parameters,
        asdict(recipe.training),
        validation.problem.name,
        {part: {"file": file.name, "problem": _fields(file.problem)} for part, file in files.items()},
    )


def _fields(problem: Any) -> dict[str, Any]:
    """What builds the same problem again."""
    return {field.name: getattr(problem, field.name) for field in fields(problem) if field.init}


def write_recipes(folder: Path) -> list[Carried]:
    """Write the resolved recipes alone: enough for a rehearsal."""
    folder.mkdir(parents=True, exist_ok=True)
    every = list(resolved())
    (folder / RECIPES).write_text(json.dumps([asdict(one) for one in every], default=list), encoding="utf-8")
    return every


def write(folder: Path) -> None:
    """Write everything; the data of `quick` must lie in data/ and its results in results/quick."""
    every = write_recipes(folder)
    np.savez_compressed(folder / IMAGES, images=np.load("data/omniglot/images.npy"))
    for one in every:
        if one.task == TASK and one.budget != "smoke":
            for part in one.files.values():
                target = folder / "episodes" / part["file"]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((Path("data/episodes") / part["file"]).read_bytes())
    (folder / SCORES).write_bytes(Path("results/quick/tables/scores.csv").read_bytes())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
