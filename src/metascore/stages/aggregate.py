"""Stage aggregate: from every run's scores to metrics, tables and figures."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd

from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import read_json, write, write_json, write_text
from metascore.report import documents
from metascore.report.documents import Document
from metascore.report.drawing import drawings
from metascore.report.numbers import Numbers
from metascore.report.tables import all_tables
from metascore.report.whole import few_seeds, missing, page_of
from metascore.scoring import controls, tables
from metascore.scoring.board import board_table
from metascore.scoring.estimates import Estimates, TaskResults, estimate
from metascore.scoring.priors import COLUMNS, prior_table
from metascore.scoring.published import published_table
from metascore.scoring.reached import COLUMNS as REACHED
from metascore.scoring.reached import reached_table, unequal_times
from metascore.store import digests, partial
from metascore.store.leaks import check_leaks, classes_of_episodes
from metascore.store.paths import FIGURE_FORMATS, Results
from metascore.store.results import figure_data, histories, label_permutation_scores, runs_by_learner, task_results
from metascore.store.shown import shown

log = logging.getLogger(__name__)


def run(config: Config, data: Path = Path("data"), results: Path | None = None, processes: int = 1) -> None:
    """Write metrics.json, digests.json, tables, figures (SVG, PNG) and report.html into the budget's folder.

    So many processes draw.

    What leaves runs out goes into a folder of its own there (see store.partial), until all runs are reported.

    Raises UserError, before anything is written, where a control finds that the numbers must not be published.
    """
    files = partial.results_of(config, results)
    synthetic = _any_synthetic(config, data)
    done = {run.task for run in config.runs()}
    titles = {task: problem.title(synthetic) for task, problem in config.tasks.items() if task in done}
    measured = [task_results(config, task, files, title) for task, title in titles.items()]
    if not measured:
        raise UserError("params.yaml: no learner can do any task of this budget: add one to learners")
    check_leaks(config, data)
    measured = [replace(one, classes=classes_of_episodes(config.test_file(one.task), data)) for one in measured]
    estimates = [estimate(one) for one in measured]
    for one, its_estimates in zip(measured, estimates, strict=True):
        _check_numbers(config, one, tables.score_table(one, its_estimates), files)
    numbers = _numbers(config, measured, estimates, files, data)
    unequal = unequal_times(numbers.scores)
    facts = [*_facts(config, synthetic), *unequal]
    texts, drawn_figures = _documents(numbers, facts, files), drawings(numbers, FIGURE_FORMATS, processes)
    pictures = {name: drawn for (name, suffix), drawn in drawn_figures.items() if suffix == "svg"}
    page = page_of(config, measured, numbers, synthetic, pictures)
    for said in unequal:
        log.warning(said)
    # From here on nothing fails but the disk: what ends before leaves the former report as it is.
    write_json(files.metrics, tables.metrics(numbers.scores, numbers.overall))
    for path, text in texts.items():
        write_text(path, text)
    for (name, suffix), drawn in drawn_figures.items():
        write(files.figure(name, suffix), drawn)
    _write_digests(config, measured, files)
    write_text(files.page, page)
    if not config.left_out:
        shutil.rmtree(files.folder / partial.FOLDER, ignore_errors=True)


def _numbers(
    config: Config, measured: list[TaskResults], estimates: list[Estimates], files: Results, data: Path
) -> Numbers:
    """The tables of all tasks."""
    scores = pd.concat(map(tables.score_table, measured, estimates), ignore_index=True)
    seen = {one.task: figure_data(config, one.task, files) for one in measured}
    learning = [tables.history_table(one.task, histories(config, one.task, files)) for one in measured]
    reached = [reached_table(curves, one.measure.scale) for one, curves in zip(measured, learning, strict=True)]
    return Numbers(
        titles={one.task: one.title for one in measured},
        scores=scores,
        overall=tables.overall_tables(measured, estimates),
        curves=pd.concat(map(tables.curve_table, measured, estimates), ignore_index=True),
        histories=tables.joined(learning, tables.HISTORY),
        reached=tables.joined(reached, REACHED),
        board=pd.concat([board_table(one, _of(scores, one.task)) for one in measured], ignore_index=True),
        pairs=tables.joined(list(map(tables.pair_table, measured, estimates)), tables.PAIR_COLUMNS),
        published=published_table(scores),
        priors=tables.joined([prior_table(task, learners) for task, learners in seen.items()], COLUMNS),
        shown={one.task: shown(config.test_file(one.task), data) for one in measured},
        figure_data=seen,
    )


def _of(scores: pd.DataFrame, task: str) -> pd.DataFrame:
    return scores[scores["task"] == task]


def _check_numbers(config: Config, measured: TaskResults, table: pd.DataFrame, files: Results) -> None:
    """Labels are all that learners go by, and the table hides no divergence."""
    problem, culprit = config.tasks[measured.task], f"{files.scores}/{measured.task}"
    if problem.has_classes and problem.chance is not None:
        for learner, runs in runs_by_learner(config, measured.task).items():
            scores = label_permutation_scores(files, runs)
            controls.check_label_permutation(
                scores, problem.way, problem.chance, problem.guessing, f"{culprit}/{learner}"
            )
    for row in table.to_dict("records"):
        controls.check_divergence(measured.scores[row["learner"]], row, f"{culprit}/{row['learner']}")


def _documents(numbers: Numbers, facts: list[str], files: Results) -> dict[Path, str]:
    """Each table as CSV, by its place; a document as Markdown and LaTeX too."""
    written = {}
    for module in all_tables():
        name = module.__name__.rpartition(".")[2]
        written[files.table(name, "csv")] = module.rows(numbers).to_csv(index=False, lineterminator="\n")
        if hasattr(module, "sections"):
            document = Document(module.TITLE, [*facts, module.READING], module.sections(numbers))
            written[files.table(name, "md")] = documents.markdown(document)
            written[files.table(name, "tex")] = documents.latex(document)
    return written


def _write_digests(config: Config, measured: list[TaskResults], files: Results) -> None:
    machines = [record["machine"] for one in measured for records in one.records.values() for record in records]
    for fact in digests.write(config, machines, files):
        log.warning("runs come from machines that differ in `%s` (see digests.json): nobody else gets their bits", fact)


def _any_synthetic(config: Config, data: Path) -> bool:
    """Whether some data were drawn by a program that should have been collected; not every problem has a source."""
    sources = dict.fromkeys(problem.source for problem in config.tasks.values() if problem.source)
    return any(_is_synthetic(data / source) for source in sources)


def _is_synthetic(path: Path) -> bool:
    source = read_json(path)
    if not isinstance(source, dict) or not isinstance(source.get("synthetic"), bool):
        raise UserError(f"{path}: no field `synthetic`: run `metascore data`")
    return source["synthetic"]


def _facts(config: Config, synthetic: bool) -> list[str]:
    """What the numbers are of: data, split, budget, seeds."""
    data = dict.fromkeys(problem.data(synthetic) for problem in config.tasks.values())
    facts = (
        f"Data: {', '.join(data)}. Split: {config.split_names()}. Budget: {config.budget}. "
        f"Seeds: {config.tell_seeds()}. Test episodes a task: {config.test_counts()}."
    )
    warnings = dict.fromkeys(problem.warning for problem in config.tasks.values() if synthetic and problem.warning)
    return [*(f"**{warning}**" for warning in [*warnings, *missing(config)]), facts, *few_seeds(config)]
