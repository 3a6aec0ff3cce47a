"""Files of runs, read and checked: scores, evaluation records, run records, learning curves, figure data."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_array, read_arrays, read_json
from metascore.problems.base import Problem
from metascore.scoring import controls
from metascore.scoring.estimates import TaskResults
from metascore.scoring.scores import Measure, measured_chance
from metascore.store.paths import DATA, TRAINING_COLUMNS, Results

STEPS = 10  # the last adaptation step that is scored
RECORDED = {"seconds", "tasks", "tasks_per_second", "iterations", "parameters", "device", "machine", "versions", "axes"}
AXES = {"family", "batch_norm", "gradient_order", "train_steps", "test_steps", "updates", "examples"}


def task_results(config: Config, task: str, results: Results, title: str) -> TaskResults:
    """Read all runs of a task; all must have been evaluated on the same episodes."""
    problem, runs = config.tasks[task], runs_by_learner(config, task)
    scores = {learner: [read_scores(results, one, problem) for one in seeds] for learner, seeds in runs.items()}
    _check_same_episodes(task, runs, scores, results)
    stacked = {learner: np.stack(seeds) for learner, seeds in scores.items()}
    records = {learner: [read_record(results, one) for one in seeds] for learner, seeds in runs.items()}
    zero = chance_scores(results, [one for seeds in runs.values() for one in seeds])
    return TaskResults(
        task,
        problem.name,
        title,
        measure(task, problem, zero),
        stacked,
        records,
        same_training=twins(config, runs),
        trained_on={learner: on for (its_task, learner), (on, _) in config.shares_training.items() if its_task == task},
    )


def twins(config: Config, learners: Collection[str]) -> dict[str, str]:
    """Of these learners those that differ from another one of them in prediction only, with that one."""
    declared = {name: config.entries[name].trained_as for name in learners}
    return {name: twin for name, twin in declared.items() if twin is not None and twin in learners}


def runs_by_learner(config: Config, task: str) -> dict[str, list[Run]]:
    """The runs of a task, one a seed."""
    runs: dict[str, list[Run]] = {}
    for one in config.runs():
        if one.task == task:
            runs.setdefault(one.learner, []).append(one)
    return runs


def read_scores(results: Results, one: Run, problem: Problem) -> np.ndarray:
    """The scores (episode, step) of one run. Raises UserError when missing, malformed or impossible."""
    path = results.score(one)
    cure = _finetune_again(one)
    scores = read_array(path, cure)
    if scores.dtype != np.float32:
        raise UserError(f"{path}: not an array of float32: {cure}")
    if scores.ndim != 2 or len(scores) == 0 or scores.shape[1] != STEPS + 1:
        raise UserError(f"{path}: shape {scores.shape} is not (episode, {STEPS + 1}): {cure}")
    controls.check_range(scores, problem.scale, str(path), cure)
    return scores


def read_inputs(results: Results, one: Run) -> dict[str, str]:
    """The files of data that a run was evaluated on, with their digests. Raises UserError when missing or malformed."""
    inputs: dict[str, str] = _evaluation_record(results, one)["key"]["inputs"]
    return {path: digest for path, digest in inputs.items() if Path(path).parts[0] == DATA.name}


def _evaluation_record(results: Results, one: Run) -> dict[str, Any]:
    path = results.evaluation_record(one)
    record = read_json(path)
    key = record.get("key") if isinstance(record, dict) else None
    if not isinstance(key, dict) or not isinstance(key.get("inputs"), dict):
        raise UserError(f"{path}: no field `key.inputs`: {_finetune_again(one)}")
    return dict(record)


def _check_same_episodes(
    task: str, runs: dict[str, list[Run]], scores: dict[str, list[np.ndarray]], results: Results
) -> None:
    counts = {learner: {len(one) for one in seeds} for learner, seeds in scores.items()}
    if len(set().union(*counts.values())) > 1:
        listed = ", ".join(f"{learner} {sorted(count)}" for learner, count in counts.items())
        culprit = results.scores / task
        raise UserError(f"{culprit}: numbers of episodes differ ({listed}): run `metascore finetune`")
    inputs = {f"{one.learner}/{one.seed}": read_inputs(results, one) for seeds in runs.values() for one in seeds}
    if inputs:
        controls.check_same_episodes(inputs, str(results.scores / task))


def read_record(results: Results, one: Run) -> dict[str, Any]:
    """A run's run.json. Raises UserError when missing or malformed.

    That of a training on another task has the axes of the evaluated learner.
    """
    path = results.record(one)
    record = read_json(path)
    if not isinstance(record, dict):
        raise UserError(f"{path}: not a record of a run: {_train_again(results, one)}")
    missing = RECORDED - set(record) or AXES - set(record["axes"])
    if missing:
        raise UserError(f"{path}: lacks {', '.join(sorted(missing))}: {_train_again(results, one)}")
    return record | {"axes": _evaluation_record(results, one).get("axes", record["axes"])}


def histories(config: Config, task: str, results: Results) -> dict[str, list[pd.DataFrame]]:
    """The learning curves of a task's learners, without those of trainings that are not its own."""
    own = runs_by_learner(config, task).items()
    runs = {learner: seeds for learner, seeds in own if (task, learner) not in config.shares_training}
    curves = {learner: [_history(results, one) for one in seeds] for learner, seeds in runs.items()}
    return {learner: seeds for learner, seeds in curves.items() if any(len(one) for one in seeds)}


def _history(results: Results, one: Run) -> pd.DataFrame:
    path = results.training(one)
    try:
        history = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: {_train_again(results, one)}") from error
    if not set(TRAINING_COLUMNS) <= set(history.columns):
        raise UserError(f"{path}: its columns are not {','.join(TRAINING_COLUMNS)}: {_train_again(results, one)}")
    return history


def figure_data(config: Config, task: str, results: Results) -> dict[str, dict[int, dict[str, np.ndarray]]]:
    """What fine-tuning wrote of a task's runs to be drawn, by learner and seed."""
    return {
        learner: {one.seed: read_arrays(results.figure_data(one), _finetune_again(one)) for one in seeds}
        for learner, seeds in runs_by_learner(config, task).items()
    }


def label_permutation_scores(results: Results, runs: list[Run]) -> Float[np.ndarray, " episode"]:
    """Scores on support labels that say nothing, which fine-tuning wrote beside the first of a learner's runs."""
    one = min(runs, key=lambda run: run.seed)
    path = results.figure_data(one)
    arrays = read_arrays(path, _finetune_again(one))
    if "misled" not in arrays:
        raise UserError(f"{path}: no scores on labels that say nothing: {_finetune_again(one)}")
    return arrays["misled"]


def _train_again(results: Results, one: Run) -> str:
    return f"run `metascore train {_options(Run(*results.trained(one), one.seed))}`"


def _finetune_again(one: Run) -> str:
    return f"run `metascore finetune {_options(one)}`"


def _options(one: Run) -> str:
    return f"--task {one.task} --learner {one.learner} --seed {one.seed}"


def chance_scores(results: Results, runs: list[Run]) -> Float[np.ndarray, " episode"] | None:
    """MetaScore's zero on each test episode, which fine-tuning wrote beside every run; None where it wrote none."""
    found = (read_arrays(path, _finetune_again(one)) for one in runs if (path := results.figure_data(one)).exists())
    return next((one["chance"] for one in found if "chance" in one), None)


def measure(task: str, problem: Problem, zero: Float[np.ndarray, " episode"] | None) -> Measure:
    """What the scores of a task measure. Raises UserError where chance is to be measured, and was not."""
    if problem.chance is not None:
        return Measure(problem.scale, problem.chance, problem.perfect)
    if zero is None or not np.isfinite(zero).all():
        raise UserError(f"{task}: no run has the scores of chance on the test episodes: run `metascore finetune`")
    return measured_chance(problem.scale, problem.perfect, zero[None, :, None])
