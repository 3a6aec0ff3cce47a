"""What report.html says of the runs, gathered from params.yaml and the runs' records: from the same, the same bytes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from metascore import problems
from metascore.config import signatures
from metascore.config.params import Config
from metascore.report import declarations, learner_pages
from metascore.report.numbers import Numbers
from metascore.report.page import Card, Drawing, Report, Shown, render
from metascore.report.table_cells import rank_text, varies
from metascore.report.tables import all_tables
from metascore.scoring.estimates import TaskResults
from metascore.scoring.reached import unequal_times

FEW_SEEDS = 3  # with fewer, intervals say little about another seed
DIGITS = 4
FIRST = [
    "learner",
    "other",
    "rank_low",
    "rank_high",
    "metascore",
    "metascore_low",
    "metascore_high",
    "score",
    "family",
    "task",
]


def page_of(
    config: Config, measured: list[TaskResults], numbers: Numbers, synthetic: bool, drawings: dict[str, bytes]
) -> str:
    """report.html, with these figures (SVG by name)."""
    table, titles = numbers.scores, numbers.titles
    captions = {one.name: one.caption for one in declarations.figures()}
    report = Report(
        _headline(table, titles),
        _warnings(config, measured, synthetic) + unequal_times(table),
        _facts(config, measured, synthetic),
        [Drawing(name, captions[name], svg) for name, svg in drawings.items()],
        _shown(numbers),
        [_card(config, table, titles, learner) for learner in table["learner"].unique()],
        _commands(config),
    )
    return render(report)


def _shown(numbers: Numbers) -> list[Shown]:
    """The tables that have a title and rows."""
    titled = [(module, module.rows(numbers)) for module in all_tables() if hasattr(module, "TITLE")]
    return [
        Shown(module.TITLE, getattr(module, "READING", module.CAPTION), _readable(frame))
        for module, frame in titled
        if len(frame)
    ]


def _headline(table: pd.DataFrame, titles: dict[str, str]) -> str:
    """Who is best on each task."""
    return " ".join(f"{title}: {_best(table[table['task'] == task])}" for task, title in titles.items())


def _best(rows: pd.DataFrame) -> str:
    """Of one task; without an interval where there is none, as of a single test episode."""
    first = rows.iloc[0]
    sentence = f"the best MetaScore is that of {first['learner']}, {first['metascore']:.1f}"
    if np.isnan(first["metascore_low"]):
        return f"{sentence}; one test episode gives no interval and no ranks."
    if pd.isna(first["rank_low"]):
        return f"{sentence}, of these trained networks: one seed gives no ranks."
    ends = f" (95 % interval {first['metascore_low']:.1f} to {first['metascore_high']:.1f})"
    others = rows.loc[rows["rank_low"] == 1, "learner"].tolist()[1:]
    equals = f", which the tests cannot tell from {', '.join(others)}" if others else ""
    return f"{sentence}{ends}{equals}."


def _warnings(config: Config, measured: list[TaskResults], synthetic: bool) -> list[str]:
    """What a reader must know before any number."""
    problems = config.tasks.values()
    found = list(dict.fromkeys(one.warning for one in problems if one.warning)) if synthetic else []
    found += missing(config) + few_seeds(config)
    early = [f"{one.task}/{name}" for one in measured for name in one.scores if _stopped_early(config, one, name)]
    return found + ([f"Training stopped before its last iteration: {', '.join(early)}."] if early else [])


def missing(config: Config) -> list[str]:
    """Which runs of the budget no number speaks of, if there are any."""
    names = ", ".join(f"{learner} on {task}" for task, learner in sorted(config.left_out))
    return [f"Missing: {names}. Ranks and intervals are those of the others."] if names else []


def few_seeds(config: Config) -> list[str]:
    """What to say where there are too few to say much of others, of which tasks."""
    counts = {task: len(config.seeds_of(task)) for task in config.tasks}
    return [_few(count, counts) for count in sorted({*counts.values()}) if count < FEW_SEEDS]


def _few(count: int, counts: dict[str, int]) -> str:
    tasks = [task for task, own in counts.items() if own == count]
    where = "" if len(tasks) == len(counts) else f" of {', '.join(tasks)}"
    if count == 1:
        return f"One seed{where}: estimates and intervals are of these trained networks alone, and there are no ranks."
    return f"Fewer than three seeds{where} ({count}): intervals say little about another seed."


def _stopped_early(config: Config, measured: TaskResults, learner: str) -> bool:
    planned = config.recipe(measured.task, learner).training.iterations
    return any(record["iterations"] < planned for record in measured.records[learner])


def _facts(config: Config, measured: list[TaskResults], synthetic: bool) -> list[tuple[str, str]]:
    trained = [runs for one in measured for name, runs in one.records.items() if name not in one.trained_on]
    records = [record for runs in trained for record in runs]
    versions: dict[str, set[str]] = {}
    for record in records:
        for name, version in record["versions"].items():
            versions.setdefault(name, set()).add(version)
    return [
        ("data", ", ".join(dict.fromkeys(config.tasks[one.task].data(synthetic) for one in measured))),
        ("split", f"{config.split_names()}, drawn with seed {config.split.get('seed')}"),
        ("tasks", ", ".join(one.title for one in measured)),
        ("test episodes", f"{config.test_counts()} a task, the same for all learners and seeds"),
        ("budget", config.budget),
        ("seeds", config.tell_seeds()),
        ("machine", ", ".join(sorted({record["device"] for record in records}))),
        ("training time", f"{sum(record['seconds'] for record in records) / 60:.0f} minutes in {len(records)} runs"),
        ("versions", ", ".join(f"{name} {'/'.join(sorted(seen))}" for name, seen in sorted(versions.items()))),
    ]


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers as rounded numbers, so that they sort; what is asked for most stands first."""
    first = [name for name in FIRST if name in frame]
    ordered = frame[[*first, *frame.columns.difference(first, sort=False)]]
    return ordered.round(DIGITS).replace(-0.0, 0.0).rename(columns=lambda name: name.replace("_", " "))


def _card(config: Config, table: pd.DataFrame, titles: dict[str, str], learner: str) -> Card:
    rows = table[table["learner"] == learner]
    file = config.entries[learner].file
    settings: dict[str, tuple[list[str], dict[str, Any]]] = {}
    for task in rows["task"]:
        values = _settings(config, task, learner)
        settings.setdefault(repr(values), ([], values))[0].append(titles[task])
    return Card(
        learner,
        rows["family"].iloc[0],
        signatures.citation(file),
        learner_pages.read(learner, file),
        [("; ".join(tasks), values) for tasks, values in settings.values()],
        [_result(row, titles) for row in rows.to_dict("records")],
    )


def _settings(config: Config, task: str, learner: str) -> dict[str, Any]:
    recipe = config.recipe(task, learner)
    training = asdict(recipe.training) if recipe.training.iterations else {}
    stated = {f"training.{key}": value for key, value in training.items() if value is not None}
    return recipe.hyper_parameters | stated


def _result(row: dict[Hashable, Any], titles: dict[str, str]) -> tuple[str, str, str, str]:
    """Task, rank, score and MetaScore of a row of the table of scores."""
    scale = problems.scale(row["measure"])
    score = _ends(row, "score", scale.factor, scale.digits) + scale.unit
    return titles[row["task"]], rank_text(row["rank_low"], row["rank_high"]), score, _ends(row, "metascore", 1.0, 1)


def _ends(row: dict[Hashable, Any], name: str, factor: float, digits: int) -> str:
    point, low, high = (f"{factor * row[key]:z.{digits}f}" for key in (name, f"{name}_low", f"{name}_high"))
    return f"{point} [{low}, {high}]" if varies(row[f"{name}_low"], row[f"{name}_high"]) else point


def _commands(config: Config) -> list[str]:
    return [
        "make setup",
        f"snakemake --cores 1 --config budget={config.budget}   # everything, from the data to this page",
        "dvc repro                                # the same, recorded",
    ]
