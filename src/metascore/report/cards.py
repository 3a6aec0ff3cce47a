"""A card for each learner of a published budget: its checkpoints, their scores, and how to make them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from metascore.config.params import Run
from metascore.report.documents import pipes

LICENCE = (
    "Checkpoints and scores: MIT, like the code. Omniglot: MIT, Lake, Salakhutdinov and Tenenbaum 2015 "
    "(Science 350(6266):1332-1338); none of its images lies here."
)


class Checkpoint(NamedTuple):
    """What one training of a learner made."""

    training: Run
    digest: str
    validation: str  # in the unit of the task
    is_best: bool  # of its task, by validation


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
        "The checkpoint of a run is the one with the best validation score.",
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
        "± is a 95 % interval. With one seed it covers other test episodes only, and no other training.",
        numbers,
        "## Data and protocol",
        "\n".join(f"- {line}" for line in protocol),
        "## Checkpoints",
        "`make adopt` unpacks them. `metascore predict TASK/LEARNER` takes the best one of a task.",
        pipes(pd.DataFrame([_cells(one) for one in checkpoints])),
        "## Licence",
        LICENCE,
        "## How to make it again",
        f"```\n{command}\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _cells(one: Checkpoint) -> dict[str, str]:
    task, learner, seed = one.training.task, one.training.learner, one.training.seed
    return {
        "trained on": task,
        "seed": f"{seed} (best)" if one.is_best else str(seed),
        "validation": one.validation,
        "tensors": f"`{task}/{seed}/` in [{learner}.safetensors](../packs/{learner}.safetensors)",
        "SHA-256": f"`{one.digest[:16]}`",
    }
