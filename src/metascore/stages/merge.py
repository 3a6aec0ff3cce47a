"""Command merge: verified bundles of several people, beside the learners that were judged here, as one board."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from metascore.config.params import Config, Run
from metascore.errors import UsageError, UserError
from metascore.files import write_text
from metascore.report import documents
from metascore.report.board import READING, board_cells
from metascore.report.documents import Document, Section
from metascore.scoring import tables
from metascore.scoring.board import board_table
from metascore.scoring.estimates import TaskResults, estimate
from metascore.stages.verify import verified
from metascore.store.paths import Results
from metascore.store.results import chance_scores, measure, read_record, read_scores

log = logging.getLogger(__name__)


class Contribution(NamedTuple):
    """A learner's runs, under the name that the board has for it."""

    name: str
    learner: str
    results: Results


def run(config: Config, paths: list[Path], output: Path | None = None, tolerance: float | None = None) -> None:
    """Write {output}.csv and {output}.md, by default results/{budget}/board, after verifying each bundle.

    Raises UserError where one does not hold, and UsageError where they are of several budgets.
    """
    with ExitStack() as stack:
        entered = [stack.enter_context(verified(config, path, tolerance)) for path in paths]
        budgets = {one.budget: one for one, _, _ in entered}
        if len(budgets) > 1:
            raise UsageError(f"bundles of budgets {', '.join(sorted(budgets))}: merge those of one budget at a time")
        ((_, config),) = budgets.items()
        brought = [
            Contribution(f"{packed.manifest['learner']} ({packed.manifest['by']})", packed.manifest["learner"], results)
            for _, packed, results in entered
        ]
        boards = [_board(config, task, [*_here(config, task), *brought]) for task in config.tasks]
    _write(config, [one for one in boards if one is not None], output or Results.of(config).folder / "board")


def _here(config: Config, task: str) -> list[Contribution]:
    """The learners of which all runs of a task were judged here."""
    results = Results.of(config)
    learners = [learner for its_task, learner in config.pairs() if its_task == task]
    return [
        Contribution(learner, learner, results)
        for learner in learners
        if all(results.score(one).exists() and results.record(one).exists() for one in _runs(config, task, learner))
    ]


def _runs(config: Config, task: str, learner: str) -> list[Run]:
    return [one for one in config.runs() if (one.task, one.learner) == (task, learner)]


def _board(config: Config, task: str, contributions: list[Contribution]) -> pd.DataFrame | None:
    """The board of one task; None where nobody did it."""
    problem = config.tasks[task]
    scores: dict[str, np.ndarray] = {}
    records: dict[str, list[dict[str, Any]]] = {}
    for one in contributions:
        runs = _runs(config, task, one.learner)
        if runs:
            scores[one.name] = np.stack([read_scores(one.results, each, problem) for each in runs])
            records[one.name] = [read_record(one.results, each) for each in runs]
    if not scores:
        return None
    _check_lengths(task, scores)
    zero = chance_scores(Results.of(config), [one for one in config.runs() if one.task == task])
    results = TaskResults(task, problem.name, task, measure(task, problem, zero), scores, records)
    return board_table(results, tables.score_table(results, estimate(results)))


def _check_lengths(task: str, scores: dict[str, np.ndarray]) -> None:
    lengths = {name: found.shape[:2] for name, found in scores.items()}
    if len(set(lengths.values())) > 1:
        raise UserError(f"{task}: numbers of seeds and episodes differ ({lengths}): run `snakemake` here again")


def _write(config: Config, boards: list[pd.DataFrame], output: Path) -> None:
    sections = [Section(str(one["task"].iloc[0]), board_cells(one)) for one in boards]
    document = Document(f"Board of budget {config.budget}", [READING], sections)
    write_text(output.with_suffix(".csv"), pd.concat(boards).to_csv(index=False, lineterminator="\n"))
    write_text(output.with_suffix(".md"), documents.markdown(document))
    log.info("%s: %d tasks", output.with_suffix(".md"), len(boards))
