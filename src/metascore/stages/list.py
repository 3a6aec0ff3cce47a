"""Command list: what there is (tasks, budgets, learners), and which runs of a budget are done."""

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
    shape = {key: str(getattr(problem, key)) for key in ("way", "shot", "query")}
    return {"task": name, "problem": problem.name, **shape}


def _budget(config: Config) -> dict[str, str]:
    runs = config.runs()
    return {
        "budget": config.budget,
        "tasks": ", ".join(config.tasks),
        "seeds": config.tell_seeds(),
        "seconds a training": ", ".join(f"{seconds:g}" for seconds in _seconds(config)) or NOT_RUN,
        "runs": f"{_done(config, runs)} of {len(runs)}",
    }


def _seconds(config: Config) -> list[float]:
    """Those that its tasks have, each once."""
    found = (config.seconds(task) for task in config.tasks)
    return list(dict.fromkeys(seconds for seconds in found if seconds is not None))


def _learner(config: Config, name: str) -> dict[str, str]:
    cells = {"learner": name, "file": config.entries[name].file}
    for task in config.tasks:
        runs = [one for one in config.runs() if (one.task, one.learner) == (task, name)]
        cells[task] = f"{_done(config, runs)} of {len(runs)}" if runs else NOT_RUN
    return cells


def _done(config: Config, runs: list[Run]) -> int:
    results = Results.of(config)
    return sum(results.score(one).exists() and results.evaluation_record(one).exists() for one in runs)
