"""The content of report.html, from params.yaml and the runs' records: from the same, the same bytes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from metascore.config import signatures
from metascore.config.params import Config
from metascore.report import learner_pages, notes
from metascore.report.drawing import Drawing
from metascore.report.numbers import Numbers
from metascore.report.page import Card, Report, Shown, Task, render
from metascore.report.table_cells import ends, rank_text, score_cells
from metascore.report.tables import all_tables, scores
from metascore.scoring.estimates import TaskResults

DIGITS = 4
FIRST = ["learner", "other", "rank_low", "rank_high", "metascore", "metascore_low", "metascore_high", "score"]


def page_of(
    config: Config, measured: list[TaskResults], numbers: Numbers, synthetic: bool, drawings: list[Drawing]
) -> str:
    """report.html, with these figures."""
    report = Report(
        warnings=notes.warnings(config, synthetic),
        tasks=[_task(numbers, task, drawings) for task in numbers.titles],
        reading=scores.READING,
        facts=_facts(config, measured, numbers, synthetic),
        notes=notes.notes(config, measured, numbers.scores),
        tables=_shown(numbers),
        cards=[_card(config, numbers, learner) for learner in numbers.scores["learner"].unique()],
        commands=_commands(config),
    )
    return render(report)


def _task(numbers: Numbers, task: str, drawings: list[Drawing]) -> Task:
    rows, drawn = numbers.of(task), [one for one in drawings if one.task == task]
    return Task(task, numbers.titles[task], _best(rows), score_cells(rows), drawn)


def _best(rows: pd.DataFrame) -> str:
    """The learner with the highest MetaScore of a task, and those that the tests cannot tell from it."""
    first = rows.iloc[0]
    sentence = f"{first['learner']} has the highest MetaScore, {first['metascore']:.1f}"
    if np.isnan(first["metascore_low"]):
        return f"{sentence}; one test episode gives no interval and no ranks."
    if pd.isna(first["rank_low"]):
        return f"{sentence}, of these trained networks: one seed gives no ranks."
    interval = f" (95 % interval {first['metascore_low']:.1f} to {first['metascore_high']:.1f})"
    others = rows.loc[rows["rank_low"] == 1, "learner"].tolist()[1:]
    equals = f"; the tests do not distinguish it from {', '.join(others)}" if others else ""
    return f"{sentence}{interval}{equals}."


def _shown(numbers: Numbers) -> list[Shown]:
    """The tables that have a title and rows."""
    titled = [(module, module.rows(numbers)) for module in all_tables() if hasattr(module, "TITLE")]
    return [Shown(module.TITLE, module.CAPTION, _readable(frame)) for module, frame in titled if len(frame)]


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """Rounded numbers, which sort as numbers; the columns of FIRST stand first."""
    first = [name for name in FIRST if name in frame]
    ordered = frame[[*first, *frame.columns.difference(first, sort=False)]]
    return ordered.round(DIGITS).replace(-0.0, 0.0).rename(columns=lambda name: name.replace("_", " "))


def _facts(config: Config, measured: list[TaskResults], numbers: Numbers, synthetic: bool) -> list[tuple[str, str]]:
    trained = numbers.scores[numbers.scores["trained_on"] == numbers.scores["task"]]
    minutes = (trained["seconds"] * trained["seeds"]).sum() / 60
    records = [record for one in measured for runs in one.records.values() for record in runs]
    versions = sorted({f"{name} {version}" for record in records for name, version in record["versions"].items()})
    return [
        ("data", ", ".join(dict.fromkeys(config.tasks[one.task].data(synthetic) for one in measured))),
        ("split", f"{config.split_names()}, drawn with seed {config.split.get('seed')}"),
        ("tasks", ", ".join(one.title for one in measured)),
        ("test episodes", f"{config.test_counts()} a task, the same for all learners and seeds"),
        ("budget", config.budget),
        ("seeds", config.tell_seeds()),
        ("machine", ", ".join(sorted(set(trained["device"])))),
        ("training time", f"{minutes:.0f} minutes in {trained['seeds'].sum()} runs"),
        ("versions", ", ".join(versions)),
    ]


def _card(config: Config, numbers: Numbers, learner: str) -> Card:
    rows = numbers.scores[numbers.scores["learner"] == learner]
    file = config.entries[learner].file
    settings: dict[str, tuple[list[str], dict[str, Any]]] = {}
    for task in rows["task"]:
        values = _settings(config, task, learner)
        settings.setdefault(repr(values), ([], values))[0].append(numbers.titles[task])
    return Card(
        learner,
        rows["family"].iloc[0],
        signatures.of(file).citation,
        learner_pages.read(learner, file),
        [("; ".join(tasks), values) for tasks, values in settings.values()],
        [_result(row, numbers) for row in rows.to_dict("records")],
    )


def _settings(config: Config, task: str, learner: str) -> dict[str, Any]:
    """The hyper-parameters of a learner on a task, and those of its training."""
    recipe = config.recipe(task, learner)
    training = asdict(recipe.training) if recipe.training.iterations else {}
    stated = {f"training.{key}": value for key, value in training.items() if value is not None}
    return recipe.hyper_parameters | stated


def _result(row: dict[Hashable, Any], numbers: Numbers) -> tuple[str, str, str, str]:
    """Task, rank, score and MetaScore of a row of the table of scores."""
    scale = numbers.scale(row["task"])
    score = ends(row, "score", scale.factor, scale.digits) + scale.unit
    rank = rank_text(row["rank_low"], row["rank_high"])
    return numbers.titles[row["task"]], rank, score, ends(row, "metascore", 1.0, 1)


def _commands(config: Config) -> list[str]:
    return [
        "make setup",
        f"snakemake --cores 1 --config budget={config.budget}   # everything, from the data to this page",
        "dvc repro                                # the same, recorded",
    ]
