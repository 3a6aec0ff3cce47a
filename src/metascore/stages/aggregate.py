"""Stage aggregate: from every run's scores to metrics, tables, figures and the report."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd

from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import read_json, write, write_json, write_text
from metascore.report import documents, notes
from metascore.report.documents import Document
from metascore.report.drawing import drawings
from metascore.report.numbers import Numbers
from metascore.report.tables import all_tables
from metascore.report.whole import page_of
from metascore.scoring import controls, tables
from metascore.scoring.estimates import TaskResults, estimate
from metascore.scoring.priors import COLUMNS, prior_table
from metascore.scoring.published import published_table
from metascore.scoring.reached import COLUMNS as REACHED
from metascore.scoring.reached import reached_table, unequal_times
from metascore.store import digests, former, partial
from metascore.store.leaks import check_leaks, classes_of_episodes
from metascore.store.paths import Results
from metascore.store.results import figure_data, histories, label_permutation_scores, runs_by_learner, task_results
from metascore.store.shown import shown

log = logging.getLogger(__name__)


def run(config: Config, data: Path = Path("data"), results: Path | None = None) -> None:
    """Write metrics.json, digests.json, tables, figures and report.html into the budget's folder.

    A report without some runs goes into a folder of its own there (see store.partial), until all runs are reported.
    Raises UserError, before anything is written, where a control finds that the numbers must not be published.
    """
    files = partial.results_of(config, results)
    synthetic = _any_synthetic(config, data)
    measured = _measured(config, files, data, synthetic)
    check_leaks(config, data)
    _check_guesses(config, measured, files)
    numbers = _numbers(config, measured, files, data)
    for message in unequal_times(numbers.scores):
        log.warning(message)
    texts = _documents(config, measured, numbers, files, synthetic)
    drawn, pictures = drawings(numbers)
    page = page_of(config, measured, numbers, synthetic, drawn)
    # Everything is computed: from here on only the disk can fail, and an earlier failure leaves the former report.
    write_json(files.metrics, tables.metrics(numbers.scores, numbers.overall))
    for path, text in texts.items():
        write_text(path, text)
    for name, content in pictures.items():
        write(files.figure(name, "png"), content)
    write_text(files.page, page)
    _write_digests(config, measured, files)  # last: it has the key of a finished report
    if not config.left_out:
        shutil.rmtree(files.folder / partial.FOLDER, ignore_errors=True)


def _measured(config: Config, files: Results, data: Path, synthetic: bool) -> list[TaskResults]:
    """The results of every task that has runs."""
    done = {run.task for run in config.runs()}
    titles = {task: problem.title(synthetic) for task, problem in config.tasks.items() if task in done}
    if not titles:
        raise UserError("params.yaml: no learner can do any task of this budget: add one to learners")
    found = [task_results(config, task, files, title) for task, title in titles.items()]
    return [replace(one, classes=classes_of_episodes(config.test_file(one.task), data)) for one in found]


def _numbers(config: Config, measured: list[TaskResults], files: Results, data: Path) -> Numbers:
    """The tables of all tasks."""
    estimates = [estimate(one) for one in measured]
    scores = pd.concat(map(tables.score_table, measured, estimates), ignore_index=True)
    curves = [tables.history_table(one.task, histories(config, one.task, files)) for one in measured]
    scores, learning = former.with_times(scores, tables.joined(curves, tables.HISTORY), files)
    of_task = {str(task): rows for task, rows in learning.groupby("task", sort=False)}
    reached = [reached_table(of_task[one.task], one.measure.scale) for one in measured if one.task in of_task]
    seen = {one.task: figure_data(config, one.task, files) for one in measured}
    return Numbers(
        titles={one.task: one.title for one in measured},
        entries=list(config.entries),
        scores=scores,
        overall=tables.overall_tables(measured, estimates),
        curves=pd.concat(map(tables.curve_table, measured, estimates), ignore_index=True),
        histories=learning,
        reached=tables.joined(reached, REACHED),
        pairs=tables.joined(list(map(tables.pair_table, measured, estimates)), tables.PAIR_COLUMNS),
        published=published_table(scores),
        priors=tables.joined([prior_table(task, learners) for task, learners in seen.items()], COLUMNS),
        shown={one.task: shown(config.test_file(one.task), data) for one in measured},
        figure_data=seen,
    )


def _check_guesses(config: Config, measured: list[TaskResults], files: Results) -> None:
    """Where support labels are permuted, no learner scores better than chance."""
    for one in measured:
        problem = config.tasks[one.task]
        if not problem.has_classes or problem.chance is None:
            continue
        for learner, runs in runs_by_learner(config, one.task).items():
            culprit = f"{files.scores}/{one.task}/{learner}"
            controls.check_label_permutation(
                label_permutation_scores(files, runs), problem.way, problem.chance, problem.guessing, culprit
            )


def _documents(
    config: Config, measured: list[TaskResults], numbers: Numbers, files: Results, synthetic: bool
) -> dict[Path, str]:
    """Each table as CSV, by its path; those that people read as Markdown, those that papers show as LaTeX."""
    written = {}
    preamble = [*notes.warnings(config, synthetic), notes.summary(config, synthetic)]
    for module in all_tables():
        name = module.__name__.rpartition(".")[2]
        written[files.table(name, "csv")] = module.rows(numbers).to_csv(index=False, lineterminator="\n")
        if hasattr(module, "sections"):
            beside = [module.READING, *notes.notes(config, measured, numbers.scores)]
            document = Document(name, preamble, module.sections(numbers), beside)
            written[files.table(name, "md")] = documents.markdown(document)
            if hasattr(module, "PAPER"):
                written[files.table(name, "tex")] = documents.latex(document)
    return written


def _write_digests(config: Config, measured: list[TaskResults], files: Results) -> None:
    machines = [record["machine"] for one in measured for records in one.records.values() for record in records]
    for fact in digests.write(config, machines, files):
        log.warning(
            "runs come from machines that differ in `%s` (see digests.json): no machine gets all their bits", fact
        )


def _any_synthetic(config: Config, data: Path) -> bool:
    """Whether some data were drawn by a program instead of collected."""
    sources = dict.fromkeys(problem.source for problem in config.tasks.values() if problem.source)
    return any(_is_synthetic(data / source) for source in sources)


def _is_synthetic(path: Path) -> bool:
    source = read_json(path)
    if not isinstance(source, dict) or not isinstance(source.get("synthetic"), bool):
        raise UserError(f"{path}: no field `synthetic`: run `metascore data`")
    return source["synthetic"]
