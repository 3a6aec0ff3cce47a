"""A card for each learner of a published budget: what its checkpoints are, what they reach, and how to make them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from metascore.report.documents import pipes

LICENCE = (
    "Checkpoints and scores: MIT, like the code. Omniglot: MIT, Lake, Salakhutdinov and Tenenbaum 2015 "
    "(Science 350(6266):1332-1338); none of its images lies here."
)


class Checkpoint(NamedTuple):
    """One of a learner's runs: the best of its task by validation, or another."""

    task: str
    seed: int
    path: Path  # below the folder of the budget's results
    digest: str
    validation: str  # in the unit of the task
    is_best: bool


class Facts(NamedTuple):
    """What holds for all learners of the budget."""

    budget: str
    data: str
    split: str
    episodes: str
    machines: str


def card(
    learner: str, page: str, facts: Facts, numbers: str, axes: Mapping[str, Any], checkpoints: list[Checkpoint]
) -> str:
    """A page of Markdown.

    `page` is that of the learner below docs/algorithms, `numbers` the table of its scores, `axes` its protocol.
    """
    protocol = [
        f"Data: {facts.data}. Split: {facts.split}; no test class occurs in an episode of training or validation.",
        f"Test episodes: {facts.episodes}; frozen, and the same for all learners.",
        "A run's checkpoint is the one that did best on validation episodes.",
        f"Adaptation: {axes['test_steps']} steps at test, gradients of order {axes['gradient_order']} in training.",
        f"Batch norm: {axes['batch_norm']}.",
        f"All learners of a task train for the same time ([recipes](../../../params/{facts.budget}.yaml)).",
        f"Trained on: {facts.machines}.",
    ]
    command = (
        f"snakemake results/{facts.budget}/scores/TASK/{learner}/SEED.npy --config budget={facts.budget} --forceall"
    )
    parts = [
        f"# {learner}, budget {facts.budget}",
        f"[What it is](../../../docs/algorithms/{page}.md). Written by `make docs`.",
        "## Numbers",
        "± is a 95 % interval. With one seed it is of this trained network alone, for other test episodes.",
        numbers,
        "## Data and protocol",
        "\n".join(f"- {line}" for line in protocol),
        "## Checkpoints",
        pipes(pd.DataFrame([_cells(one) for one in checkpoints])),
        "## Licence",
        LICENCE,
        "## How to make it again",
        f"```\n{command}\nmetascore vouch --budget {facts.budget}   # its first meta-steps only\n```",
    ]
    return "\n\n".join(parts) + "\n"


def pipeline(
    budget: str, learners: Mapping[str, list[Checkpoint]], scores: Mapping[tuple[str, str], float]
) -> dict[str, Any]:
    """The dvc.yaml beside published results: one frozen stage, which no other depends on, and the artifacts.

    An artifact is the best checkpoint of a learner on a task, called task/learner.
    """
    best = [(learner, one) for learner, found in learners.items() for one in found if one.is_best]
    named = {
        f"{one.task}/{learner}": {
            "path": one.path.as_posix(),
            "type": "model",
            "desc": f"test score {scores[one.task, learner]:.4f}; seed {one.seed}, validation {one.validation}",
            "labels": [one.task, learner],
        }
        for learner, one in best
    }
    return {"stages": {budget: _stage(budget)}, "artifacts": dict(sorted(named.items()))}


def _stage(budget: str) -> dict[str, Any]:
    """How the budget's results are made; their folder is the working directory. git keeps them, not DVC's cache."""
    kept, numbers = {"cache": False, "persist": True}, ["episodes", "split", "tasks", "learners"]
    return {
        "cmd": f"cd ../.. && snakemake --config budget={budget}",
        "frozen": True,
        "deps": ["../../src/metascore", "../../workflow"],
        "params": [{"../../params.yaml": numbers}, {f"../../params/{budget}.yaml": None}],
        "outs": [{name: kept} for name in ("runs", "scores", "digests.json", "tables", "figures", "report.html")],
        "metrics": [{"metrics.json": kept}],
    }


def _cells(one: Checkpoint) -> dict[str, str]:
    return {
        "task": one.task,
        "seed": str(one.seed) + (" (best)" if one.is_best else ""),
        "validation": one.validation,
        "file": f"[{one.path.name}](../{one.path.as_posix()})",
        "SHA-256": f"`{one.digest[:16]}`",
    }
