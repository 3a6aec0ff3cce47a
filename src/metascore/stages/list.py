"""Command list: tasks, budgets and learners, and which runs of a budget are done."""

from __future__ import annotations

import sys
from dataclasses import replace

import pandas as pd

from metascore.config.params import Config, Run
from metascore.report import documents
from metascore.report.documents import Document, Section
from metascore.store.paths import Results

NOT_RUN = "–"
READING = "Under each task of the budget: how many seeds of a learner have scores, of all."


def run(config: Config) -> None:
    """Print three tables as Markdown."""
    sections = [
        Section("Tasks", pd.DataFrame([_task(config, name) for name in config.params["tasks"]])),
        Section("Budgets", pd.DataFrame([_budget(replace(config, budget=name)) for name in config.budgets])),
        Section(f"Runs of {config.budget}", pd.DataFrame([_learner(config, name) for name in config.learners])),
    ]
    sys.stdout.write(documents.markdown(Document("MetaScore", [READING], sections)))


def _task(config: Config, name: str) -> dict[str, str]:
    problem = config.problem(name)
    return {
        "task": name,
        "problem": problem.name,
        **{key: str(getattr(problem, key)) for key in ("way", "shot", "query")},
    }


def _budget(config: Config) -> dict[str, str]:
    seconds = dict.fromkeys(config.seconds(task) for task in config.tasks)
    return {
        "budget": config.budget,
        "tasks": ", ".join(config.tasks),
        "seeds": config.tell_seeds(),
        "seconds a training": ", ".join(f"{one:g}" for one in seconds if one is not None) or NOT_RUN,
        "runs": _done(config, config.runs()),
    }


def _learner(config: Config, name: str) -> dict[str, str]:
    runs = {task: [run for run in config.runs() if (run.task, run.learner) == (task, name)] for task in config.tasks}
    cells = {task: _done(config, some) if some else NOT_RUN for task, some in runs.items()}
    return {"learner": name, "file": config.entries[name].file, **cells}


def _done(config: Config, runs: list[Run]) -> str:
    results = Results.of(config)
    done = sum(results.score(one).exists() and results.evaluation_record(one).exists() for one in runs)
    return f"{done} of {len(runs)}"
