"""Stage aggregate: from every run's scores to metrics, tables and figures."""

import logging
from pathlib import Path

import pandas as pd

from metascore.config.params import Config, Task
from metascore.errors import UserError
from metascore.files import read_json, write_json, write_text
from metascore.randomness import numpy_generator
from metascore.report import documents, table_cells
from metascore.report.documents import Document, Section
from metascore.scoring import controls, tables
from metascore.scoring.estimates import Estimates, TaskResults, estimate
from metascore.scoring.published import published_table
from metascore.stages import report
from metascore.stages.drawings import Numbers, write_figures
from metascore.stages.waves import COLUMNS as PRIOR_COLUMNS
from metascore.stages.waves import prior_table
from metascore.store import digests
from metascore.store.leaks import check_leaks
from metascore.store.results import histories, task_results

log = logging.getLogger(__name__)

RESAMPLING_SEED = 0  # the same results give the same intervals
READING = (
    "± reaches to the farther end of a 95 % interval over seeds and test episodes (with one seed: over episodes only). "
    "Learners share a rank when a paired test, with Holm's correction, cannot tell them from the best of that rank."
)
READING_PUBLISHED = (
    "Gap: ours less the published number, ± by both intervals, or by ours alone where the paper prints none. Budgets "
    "other than paper train far less than the papers do. The last columns say what else the paper did otherwise."
)
READING_PRIORS = (
    "Distances are mean squared differences of functions over [-5, 5]: of the unadapted function from the mean over "
    "all waves, E[A sin(x - phase)]; and of the function after 1, 5 and 10 steps from the unadapted one, over the test "
    "episodes. Means over seeds, with the seeds' range."
)


def run(config: Config, data: Path = Path("data"), results: Path = Path("results")) -> None:
    """Write metrics.json, digests.json, tables, figures (SVG, PNG) and report.html into `results`.

    Raises UserError, before anything is written, where a control finds that the numbers must not be published.
    """
    synthetic = _is_synthetic(config, data / "omniglot")
    measured = [task_results(config, task, results, _title(task, synthetic)) for task in config.tasks.values()]
    measured = [one for one in measured if one.scores]
    if not measured:
        raise UserError("params.yaml: no learner can do any task of this budget: add one to learners")
    check_leaks(config, data)
    estimates = [estimate(one, numpy_generator(RESAMPLING_SEED, "aggregate", one.task)) for one in measured]
    learning = pd.concat([tables.history_table(one.task, histories(config, one.task, results)) for one in measured])
    for one, its_estimates in zip(measured, estimates, strict=True):
        _check_numbers(config.tasks[one.task], one, tables.score_table(one, its_estimates))
    numbers = _numbers(measured, estimates, learning, _priors(config, measured))
    write_tables(config, numbers, tables.overall_tables(measured, estimates), synthetic, results)
    _write_digests(config, measured, results)
    drawn = write_figures(config, numbers, results)
    report.write(config, measured, numbers, drawn, synthetic, results)


def _priors(config: Config, measured: list[TaskResults]) -> pd.DataFrame:
    """What learners of functions know before they adapt; no rows where the budget has classification only."""
    tasks = [one.task for one in measured if config.tasks[one.task].kind == "regression"]
    return pd.concat([pd.DataFrame(columns=PRIOR_COLUMNS), *(prior_table(config, task) for task in tasks)])


def _numbers(
    measured: list[TaskResults], estimates: list[Estimates], learning: pd.DataFrame, priors: pd.DataFrame
) -> Numbers:
    """The tables of all tasks."""
    scores = pd.concat(map(tables.score_table, measured, estimates), ignore_index=True)
    return Numbers(
        titles={one.task: one.title for one in measured},
        scores=scores,
        curves=pd.concat(map(tables.curve_table, measured, estimates), ignore_index=True),
        histories=learning,
        pairs=pd.concat(map(tables.pair_table, measured, estimates), ignore_index=True),
        published=published_table(scores),
        priors=priors,
    )


def _check_numbers(task: Task, measured: TaskResults, table: pd.DataFrame) -> None:
    """Chance is chance, and the table hides no divergence."""
    culprit = f"results/scores/{task.name}"
    if task.kind == "classification" and "chance" in measured.scores:
        controls.check_chance(measured.scores["chance"], task.way, task.way * task.query, f"{culprit}/chance")
    for row in table.to_dict("records"):
        controls.check_divergence(measured.scores[row["learner"]], row, f"{culprit}/{row['learner']}")


def write_tables(config: Config, numbers: Numbers, overall: pd.DataFrame, synthetic: bool, results: Path) -> None:
    """Write metrics.json and the tables: scores, pairs of learners, published numbers beside ours, curves."""
    facts, folder = _facts(config, synthetic), results / "tables"
    write_json(results / "metrics.json", tables.metrics(numbers.scores, overall))
    written = {"scores": numbers.scores, "pairs": numbers.pairs, "published": numbers.published}
    written |= {"adaptation": numbers.curves, "learning": numbers.histories}  # what `dvc plots` draws
    written |= {"priors": numbers.priors}
    for name, frame in written.items():
        write_text(folder / f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
    _write_document(folder / "scores", _score_document(numbers.scores, overall, numbers.titles, facts))
    _write_document(folder / "published", _published_document(numbers.published, numbers.titles, facts))
    _write_document(folder / "priors", _prior_document(numbers.priors, numbers.titles, facts))


def _write_digests(config: Config, measured: list[TaskResults], results: Path) -> None:
    machines = [record["machine"] for one in measured for records in one.records.values() for record in records]
    for fact in digests.write(config, machines, results):
        log.warning("runs come from machines that differ in `%s` (see digests.json): nobody else gets their bits", fact)


def _score_document(table: pd.DataFrame, overall: pd.DataFrame, titles: dict[str, str], facts: list[str]) -> Document:
    """A section a task, then the means over tasks."""
    by_task = table.groupby("task", sort=False)
    sections = [Section(titles[str(task)], table_cells.score_cells(rows)) for task, rows in by_task]
    several = overall[overall["tasks"] > 1]
    if len(several):
        sections.append(Section("Mean MetaScore over the tasks of a problem", table_cells.overall_cells(several)))
    return Document("Scores", [*facts, READING], sections)


def _published_document(published: pd.DataFrame, titles: dict[str, str], facts: list[str]) -> Document:
    """A section for each task that a paper has numbers for."""
    by_task = published.groupby("task", sort=False)
    sections = [Section(titles[str(task)], table_cells.published_cells(rows)) for task, rows in by_task]
    return Document("Published and ours", [*facts, READING_PUBLISHED], sections)


def _prior_document(priors: pd.DataFrame, titles: dict[str, str], facts: list[str]) -> Document:
    """A section for each task whose learners are functions that can be compared with a known mean."""
    by_task = priors.groupby("task", sort=False)
    sections = [Section(titles[str(task)], table_cells.prior_cells(rows)) for task, rows in by_task]
    return Document("Before adaptation, and how far it moves", [*facts, READING_PRIORS], sections)


def _write_document(stem: Path, document: Document) -> None:
    for suffix, text in {"md": documents.markdown(document), "tex": documents.latex(document)}.items():
        write_text(stem.with_suffix(f".{suffix}"), text)


def _is_synthetic(config: Config, data: Path) -> bool:
    """Whether the characters are glyphs; sine waves have no source."""
    if all(task.kind == "regression" for task in config.tasks.values()):
        return False
    source = read_json(data / "source.json")
    if not isinstance(source, dict) or not isinstance(source.get("synthetic"), bool):
        raise UserError(f"{data / 'source.json'}: no field `synthetic`: run `metascore data`")
    return source["synthetic"]


def _title(task: Task, synthetic: bool) -> str:
    problem = "Synthetic glyphs" if synthetic and task.problem == "omniglot" else task.problem.capitalize()
    way = f"{task.way}-way " if task.kind == "classification" else ""
    return f"{problem}, {way}{task.shot}-shot"


def _facts(config: Config, synthetic: bool) -> list[str]:
    """What the numbers are of: data, split, budget, seeds."""
    data = "synthetic glyphs" if synthetic else "Omniglot"
    warning = "**SYNTHETIC GLYPHS: drawn by a program. These numbers say nothing about Omniglot.**"
    facts = (
        f"Data: {data}. Split: {config.split['name']}. Budget: {config.budget}. "
        f"Seeds: {', '.join(map(str, config.seeds))}. Test episodes a task: {config.test_counts()}."
    )
    return [*([warning] if synthetic else []), facts]
