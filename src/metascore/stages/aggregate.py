"""Stage aggregate: from every run's scores to metrics, tables and figures."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from metascore import figures, tables
from metascore.errors import UserError
from metascore.estimates import Estimates, TaskResults, estimate
from metascore.files import atomic_path, read_json, write_json
from metascore.params import Config, Run, Task
from metascore.randomness import numpy_generator
from metascore.scores import Measure, accuracy, squared_error

STEPS = 10  # the last adaptation step that is scored
RESAMPLING_SEED = 0  # the same results give the same intervals
TRAINING_COLUMNS = ["iteration", "tasks", "seconds", "loss", "validation"]
RECORDED = {"seconds", "tasks_per_second", "parameters", "device", "axes"}
AXES = {"family", "batch_norm", "gradient_order", "train_steps", "test_steps"}


def run(config: Config, data: Path = Path("data/omniglot"), results: Path = Path("results")) -> None:
    """Write metrics.json, tables/scores.{csv,md} and the figures (SVG and PNG) into `results`."""
    synthetic = _is_synthetic(config, data)
    measured = [_task_results(config, task, results, synthetic) for task in config.tasks.values()]
    measured = [one for one in measured if one.scores]
    if not measured:
        raise UserError("params.yaml: no learner can do any task of this budget: add one to learners")
    estimates = [estimate(one, numpy_generator(RESAMPLING_SEED, "aggregate", one.task)) for one in measured]
    histories = [_histories(config, one, results) for one in measured]
    write_tables(config, measured, estimates, synthetic, results)
    write_figures(measured, estimates, pd.concat(histories), results / "figures")


def write_tables(
    config: Config, measured: list[TaskResults], estimates: list[Estimates], synthetic: bool, results: Path
) -> None:
    """Write metrics.json, and the table of scores as CSV and Markdown."""
    table = pd.concat(map(tables.score_table, measured, estimates), ignore_index=True)
    overall = tables.overall_tables(measured, estimates)
    titles = {one.task: one.title for one in measured}
    text = tables.markdown(table, titles, _preamble(config, synthetic), overall)
    write_json(results / "metrics.json", tables.metrics(table, overall))
    with atomic_path(results / "tables" / "scores.csv") as path:
        table.to_csv(path, index=False, lineterminator="\n")
    with atomic_path(results / "tables" / "scores.md") as path:
        path.write_text(text, encoding="utf-8")


def write_figures(
    measured: list[TaskResults], estimates: list[Estimates], histories: pd.DataFrame, folder: Path
) -> None:
    """Write each figure as SVG and PNG."""
    table = pd.concat(map(tables.score_table, measured, estimates), ignore_index=True)
    curves = pd.concat(map(tables.curve_table, measured, estimates), ignore_index=True)
    titles = {one.task: one.title for one in measured}
    drawn: dict[str, Figure] = {
        "ranking": figures.ranking(table, titles),
        "adaptation": figures.adaptation(curves, table, titles),
        "learning": figures.learning(histories, table, titles),
    }
    for name, figure in drawn.items():
        for suffix in ("svg", "png"):
            with atomic_path(folder / f"{name}.{suffix}") as path:
                figures.save(figure, path)


def _is_synthetic(config: Config, data: Path) -> bool:
    """Whether the characters are glyphs; sine waves have no source."""
    if all(task.kind == "regression" for task in config.tasks.values()):
        return False
    source = read_json(data / "source.json")
    if not isinstance(source, dict) or not isinstance(source.get("synthetic"), bool):
        raise UserError(f"{data / 'source.json'}: no field `synthetic`: run `metascore data`")
    return source["synthetic"]


def _task_results(config: Config, task: Task, results: Path, synthetic: bool) -> TaskResults:
    """Read all runs of a task; all must have been judged on the same number of episodes."""
    runs: dict[str, list[Run]] = {}
    for one in config.runs():
        if one.task == task.name:
            runs.setdefault(one.learner, []).append(one)
    scores = {learner: [_scores(results, one, task) for one in seeds] for learner, seeds in runs.items()}
    _check_same_episodes(task, scores)
    stacked = {learner: np.stack(seeds) for learner, seeds in scores.items()}
    records = {learner: [_record(results, one) for one in seeds] for learner, seeds in runs.items()}
    return TaskResults(task.name, task.problem, _title(task, synthetic), _measure(task, stacked), stacked, records)


def _scores(results: Path, one: Run, task: Task) -> np.ndarray:
    """The scores (episode, step) of one run. Raises UserError when missing, malformed or impossible."""
    path = results / "scores" / one.task / one.learner / f"{one.seed}.npy"
    cure = f"run `metascore finetune --task {one.task} --learner {one.learner} --seed {one.seed}`"
    try:
        scores = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: {cure}") from error
    if not isinstance(scores, np.ndarray) or scores.dtype != np.float32:
        raise UserError(f"{path}: not an array of float32: {cure}")
    if scores.ndim != 2 or len(scores) == 0 or scores.shape[1] != STEPS + 1:
        raise UserError(f"{path}: shape {scores.shape} is not (episode, {STEPS + 1}): {cure}")
    finite = scores[np.isfinite(scores)]
    if (finite < 0).any() or (task.kind == "classification" and (finite > 1).any()):
        raise UserError(f"{path}: {'accuracies outside [0, 1]' if task.way > 1 else 'negative errors'}: {cure}")
    return scores


def _check_same_episodes(task: Task, scores: dict[str, list[np.ndarray]]) -> None:
    counts = {learner: {len(one) for one in seeds} for learner, seeds in scores.items()}
    if len(set().union(*counts.values())) > 1:
        listed = ", ".join(f"{learner} {sorted(count)}" for learner, count in counts.items())
        raise UserError(f"results/scores/{task.name}: numbers of episodes differ ({listed}): run `metascore finetune`")


def _record(results: Path, one: Run) -> dict[str, Any]:
    path = results / "runs" / one.task / one.learner / str(one.seed) / "run.json"
    record = read_json(path)
    missing = RECORDED - set(record) or AXES - set(record["axes"])
    if missing:
        raise UserError(f"{path}: lacks {', '.join(sorted(missing))}: {_train_again(one)}")
    return record


def _histories(config: Config, measured: TaskResults, results: Path) -> pd.DataFrame:
    """The learning curves of a task's learners, without those that nothing was learned for."""
    histories: dict[str, list[pd.DataFrame]] = {learner: [] for learner in measured.scores}
    for one in config.runs():
        if one.task == measured.task:
            histories[one.learner].append(_history(results, one))
    trained = {learner: runs for learner, runs in histories.items() if any(len(run) for run in runs)}
    return tables.history_table(measured.task, trained)


def _history(results: Path, one: Run) -> pd.DataFrame:
    path = results / "runs" / one.task / one.learner / str(one.seed) / "training.csv"
    try:
        history = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: {_train_again(one)}") from error
    if not set(TRAINING_COLUMNS) <= set(history.columns):
        raise UserError(f"{path}: its columns are not {','.join(TRAINING_COLUMNS)}: {_train_again(one)}")
    return history


def _train_again(one: Run) -> str:
    return f"run `metascore train --task {one.task} --learner {one.learner} --seed {one.seed}`"


def _measure(task: Task, scores: dict[str, np.ndarray]) -> Measure:
    if task.kind == "classification":
        return accuracy(task.way)
    if "chance" not in scores or not np.isfinite(scores["chance"]).all():
        raise UserError(f"params.yaml: {task.name} needs the scores of `chance`: add `chance: {{}}` to learners")
    return squared_error(scores["chance"])


def _title(task: Task, synthetic: bool) -> str:
    problem = "Synthetic glyphs" if synthetic and task.problem == "omniglot" else task.problem.capitalize()
    way = f"{task.way}-way " if task.kind == "classification" else ""
    return f"{problem}, {way}{task.shot}-shot"


def _preamble(config: Config, synthetic: bool) -> list[str]:
    """What the numbers are of: data, split, budget, seeds."""
    data = "synthetic glyphs" if synthetic else "Omniglot"
    warning = "**SYNTHETIC GLYPHS: drawn by a program. These numbers say nothing about Omniglot.**"
    episodes = config.episodes["count"]["test"]
    facts = (
        f"Data: {data}. Split: {config.split['name']}. Budget: {config.budget}. "
        f"Seeds: {', '.join(map(str, config.seeds))}. Test episodes: {episodes}."
    )
    reading = (
        "± reaches to the farther end of a 95 % interval over seeds and test episodes (with one seed: over "
        "episodes only). Learners share a rank when a paired test, with Holm's correction, cannot tell them "
        "from the best of that rank."
    )
    return [*([warning] if synthetic else []), facts, reading]
