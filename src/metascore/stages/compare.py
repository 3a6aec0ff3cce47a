"""Stage compare: the change of MetaScores since another git revision, printed as Markdown."""

import logging
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.problems.base import Problem
from metascore.report import documents, table_cells
from metascore.report.documents import Document, Section
from metascore.scoring.changes import Versions, change_table
from metascore.store import revisions
from metascore.store.paths import Results
from metascore.store.results import chance_scores, measure, read_inputs, read_scores, runs_by_learner

READING = (
    "MetaScores before and now, and their change with its 95 % interval; scores are accuracies in [0, 1], or mean "
    "squared errors. Paired: the same seeds and episodes. Verdicts are Holm-corrected over all rows, at 5 %; with one "
    "seed there is none."
)

log = logging.getLogger(__name__)


def run(config: Config, revision: str, fail_on_worse: bool = False) -> None:
    """Print the change of every learner that both have. Raises UserError where one is worse and that counts."""
    with tempfile.TemporaryDirectory() as folder:
        before = Results(Path(folder))
        revisions.fetch(str(Results.of(config).scores), revision, before.scores)
        versions = [one for task in config.tasks for one in _versions(config, task, before, revision)]
    if not versions:
        raise UserError(f"{revision}: no learner of budget {config.budget} has scores there: name another revision")
    table = change_table(versions)
    sys.stdout.write(documents.markdown(_document(table, revision)))
    worse = table[table["verdict"] == "worse"]
    if fail_on_worse and len(worse):
        listed = ", ".join(worse["task"] + "/" + worse["learner"])
        raise UserError(f"worse than {revision}: {listed}: find out why, or leave out --fail-on worse")


def _document(table: pd.DataFrame, revision: str) -> Document:
    by_task = table.groupby("task", sort=False)
    return Document(
        f"Since {revision}", [READING], [Section(str(task), table_cells.change_cells(rows)) for task, rows in by_task]
    )


def _versions(config: Config, task: str, before: Results, revision: str) -> list[Versions]:
    """The learners of a task whose scores both have."""
    problem, results = config.tasks[task], Results.of(config)
    now = runs_by_learner(config, task)
    then = {learner: _runs_of(before, task, learner) for learner in now}
    for learner in (learner for learner, runs in then.items() if not runs):
        log.info("%s/%s: not compared: it has no scores at %s", task, learner, revision)
    scores = {learner: _stacked(results, runs, problem) for learner, runs in now.items()}
    scores_before = {learner: _scores_before(before, runs, problem, revision) for learner, runs in then.items() if runs}
    return [
        Versions(
            task,
            learner,
            scores[learner],
            measure(task, problem, chance_scores(results, [one for runs in now.values() for one in runs])),
            scores_before[learner],
            measure(task, problem, chance_scores(before, [one for runs in then.values() for one in runs])),
            _same_episodes(now[learner], results, then[learner], before),
        )
        for learner in scores_before
    ]


def _runs_of(results: Results, task: str, learner: str) -> list[Run]:
    stems = [path.stem for path in (results.scores / task / learner).glob("*.npy")]
    return [Run(task, learner, seed) for seed in sorted(int(stem) for stem in stems if stem.isdigit())]


def _stacked(results: Results, runs: list[Run], problem: Problem) -> np.ndarray:
    scores = [read_scores(results, one, problem) for one in runs]
    if len({one.shape for one in scores}) > 1:
        raise UserError(
            f"{results.scores / runs[0].task / runs[0].learner}: numbers of episodes differ: run `metascore finetune`"
        )
    return np.stack(scores)


def _scores_before(results: Results, runs: list[Run], problem: Problem, revision: str) -> np.ndarray:
    try:
        return _stacked(results, runs, problem)
    except UserError as error:
        culprit = f"{revision}: its scores of {runs[0].task}/{runs[0].learner}"
        raise UserError(f"{culprit} are not in today's format: name a later revision") from error


def _same_episodes(now: list[Run], results: Results, then: list[Run], before: Results) -> bool:
    """Whether the runs have the same seeds, and records of evaluation on the same files."""
    if now != then:
        return False
    try:
        return all(read_inputs(results, one) == read_inputs(before, one) for one in now)
    except UserError:  # scores of before this was recorded
        return False
