"""What the rules of the workflow ask: the inputs and outputs of each job. Must not import torch.

A job that is done has no inputs: nothing upstream is made or read for it.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from metascore.config.params import OMNIGLOT, Config, Pair, Run
from metascore.orchestration import forecast
from metascore.problems.episode_file import EpisodeFile
from metascore.report import declarations
from metascore.store import data_settings, inputs, leaks, paths, run_key
from metascore.store.paths import Results
from metascore.store.status import Status, Statuses

PUBLISHED = [f"src/metascore/scoring/{name}.csv" for name in ("published", "yardsticks")]
TRAINED = ("checkpoint", "training", "record")  # files of a training: methods of Results
EVALUATED = ("score", "evaluation_record", "figure_data")


class Pattern(NamedTuple):
    """A run as Snakemake's wildcards."""

    seed: int
    task: str = "{task}"
    learner: str = "{learner}"


class Report(NamedTuple):
    """A file of the report that Snakemake's own report includes."""

    file: str
    category: str
    caption: str


class SeedList(NamedTuple):
    """Tasks whose runs have the same seeds: one rule trains them, another evaluates them."""

    seeds: tuple[int, ...]
    tasks: tuple[str, ...]


class Jobs:
    """The jobs of one budget."""

    def __init__(self, config: Config) -> None:
        self.config, self.results, self.statuses = config, Results.of(config), Statuses(config)

    # Runs.

    def seed_lists(self) -> list[SeedList]:
        """The tasks by their seeds, the longest list first."""
        tasks: dict[tuple[int, ...], list[str]] = {}
        for task in self.config.tasks:
            tasks.setdefault(tuple(self.config.seeds_of(task)), []).append(task)
        return [SeedList(seeds, tuple(tasks[seeds])) for seeds in sorted(tasks, key=len, reverse=True)]

    def rule(self, name: str, seeds: tuple[int, ...]) -> str:
        """The name of the rule for a list of seeds: `name` itself for all seeds of the budget."""
        return name if set(seeds) == set(self.config.seeds) else f"{name}_{len(seeds)}_seeds"

    def pattern(self, names: Iterable[str], seeds: Iterable[int]) -> list[str]:
        """These files of each seed, with wildcards for task and learner."""
        return [self._file(name, Pattern(seed)) for seed in seeds for name in names]

    def pairs_pattern(self, pairs: Iterable[Pair], tasks: Iterable[str]) -> str:
        """A regular expression of these tasks, each followed by one of its learners; other targets have no rule."""
        learners = {task: [learner for name, learner in pairs if name == task] for task in tasks}
        return "|".join(f"{task}(?=/(?:{'|'.join(names)})/)" for task, names in learners.items() if names) or "(?!)"

    def each_run(self, *names: str) -> list[str]:
        """These files of every run of the budget."""
        return list(dict.fromkeys(self._file(name, run) for name in names for run in self.config.runs()))

    def log(self, rule: str) -> str:
        """The log of a rule's jobs."""
        return f"logs/{self.config.budget}/{rule}/{{task}}/{{learner}}.log"

    def runs(self, wildcards: Any) -> list[Run]:
        """The runs of a job."""
        return [Run(wildcards.task, wildcards.learner, seed) for seed in self.config.seeds_of(wildcards.task)]

    def _file(self, name: str, run: Any) -> str:
        return str(getattr(self.results, name)(run))

    # Inputs.

    def training_inputs(self, wildcards: Any) -> list[str]:
        """The images, if the problem has any, and the episodes of training and validation."""
        if all(self.statuses.training(run).is_done for run in self.runs(wildcards)):
            return []
        return _files_of(self.config.training_files(wildcards.task, wildcards.learner))

    def test_inputs(self, wildcards: Any) -> list[str]:
        """The checkpoints, the images, if the problem has any, and the test episodes."""
        runs = self.runs(wildcards)
        if all(self.statuses.evaluation(run).is_done for run in runs):
            return []
        checkpoints = [self._file("checkpoint", run) for run in runs]
        return [*checkpoints, *_files_of([self.config.test_file(wildcards.task)])]

    def split_inputs(self, wildcards: Any) -> list[str]:
        """The table of classes, and the user's own lists where there are any."""
        if self.statuses.split(wildcards.split).is_done:
            return []
        data_set = wildcards.split.rpartition("/")[0]
        table = paths.PICTURES / data_set / "classes.csv" if data_set else paths.CHARACTERS
        own = data_settings.own_lists(wildcards.split, data_settings.split_settings(self.config, wildcards.split))
        return [str(table), *map(str, own)]

    def episode_inputs(self, wildcards: Any) -> list[str]:
        """What a problem draws episodes from, such as the split."""
        file = self.config.episode_files()[f"{wildcards.file}.npy"]
        if self.statuses.episodes(file).is_done:
            return []
        return [str(paths.DATA / name) for name in file.problem.drawn_from(self.config.split["name"])]

    def aggregate_inputs(self) -> list[str]:
        """All runs, what the controls look at, the episodes that figures show."""
        if self.statuses.report.is_done:
            return []
        sources = {problem.source for problem in self.config.tasks.values() if problem.source}
        controls = [str(paths.DATA / name) for name in [*sorted(sources), *leaks.leak_files(self.config)]]
        shown = _files_of([self.config.test_file(task) for task in self.config.tasks])
        return [*self.each_run(*EVALUATED, *TRAINED), *dict.fromkeys([*controls, *shown]), *PUBLISHED]

    # Outputs.

    def episode_files(self) -> list[str]:
        """Every episode file that the budget needs."""
        return [str(paths.EPISODES / file) for file in self.config.episode_files()]

    def splits(self) -> list[str]:
        """The splits that the budget needs."""
        return [str(paths.split_file(name.removeprefix("splits/"))) for name in self.config.splits()]

    def data_sets(self) -> list[str]:
        """The user's own data sets that the budget needs."""
        needed = data_settings.data_sets_of(self.config.episode_files().values())
        return [name for name in self.config.folders if name in needed]

    def of_omniglot(self, name: str = OMNIGLOT) -> list[str]:
        """The files of Omniglot; `name` may be a wildcard of Snakemake's."""
        return [str(paths.DATA / name / path.name) for path in (paths.IMAGES, paths.CHARACTERS, paths.SOURCE)]

    def fetched(self) -> list[str]:
        """Omniglot, if a task of the budget needs it."""
        names = data_settings.data_sets_of(self.config.episode_files().values())
        return self.of_omniglot() if OMNIGLOT in names else []

    def pictures(self, name: str = "{data_set}") -> list[str]:
        """The files of a data set of the user's own; as a pattern of Snakemake's by default."""
        return [str(paths.PICTURES / name / file) for file in ("images.npy", "classes.csv", "source.json")]

    def plain_report(self) -> list[str]:
        """The files of the report that Snakemake's own report does not include."""
        latex = [self._table(one.name, "tex") for one in declarations.tables() if one.is_paper]
        return [str(self.results.metrics), str(self.results.digests), *latex]

    def shown_report(self) -> list[Report]:
        """The files of the report that Snakemake's own report includes, with captions."""
        tables = [
            Report(self._table(one.name, suffix), "Tables", one.caption)
            for one in declarations.tables()
            for suffix in (["csv", "md"] if one.is_document else ["csv"])
        ]
        figures = [
            Report(str(self.results.figure(one.name, "png")), "Figures", one.caption) for one in declarations.figures()
        ]
        return [*tables, *figures, Report(str(self.results.page), "Report", declarations.PAGE)]

    def _table(self, name: str, suffix: str) -> str:
        return str(self.results.table(name, suffix))

    def data(self) -> list[str]:
        """The data that the budget needs."""
        pictures = [file for name in self.data_sets() for file in self.pictures(name)]
        return [*self.fetched(), *pictures, *self.splits(), *self.episode_files()]

    def trained(self) -> list[str]:
        """The files of all trainings."""
        return self.each_run(*TRAINED)

    def evaluated(self) -> list[str]:
        """The files of all trainings and evaluations."""
        return [*self.trained(), *self.each_run(*EVALUATED)]

    def targets(self) -> list[str]:
        """What is made where nothing else is asked for; of published results the data only where a run needs them."""
        report = [*self.plain_report(), *(one.file for one in self.shown_report())]
        return [*([] if self.config.is_published else self.data()), *self.evaluated(), *report]

    def done(self) -> list[Run]:
        """The runs that are trained and evaluated."""
        return [run for run in self.config.runs() if self.statuses.evaluation(run).is_done]

    def reason(self, rule: str, runs: Iterable[Run]) -> str | None:
        """What makes the first stale run of a job stale; None where there is none."""
        status = self.statuses.training if rule.startswith("meta_train") else self.statuses.evaluation
        return next((one.reason for one in map(status, runs) if one.is_stale), None)

    def results_here(self) -> Iterator[tuple[Status, list[str]]]:
        """The status and the files of every result that is here."""
        for status, files in self._results():
            existing = [file for file in files if Path(file).exists()] if status.is_here else []
            if existing:
                yield status, existing

    def _results(self) -> Iterator[tuple[Status, list[str]]]:
        """Every result of the budget with its files."""
        statuses = self.statuses
        if fetched := self.fetched():
            yield statuses.data_set(OMNIGLOT), fetched
        yield from ((statuses.data_set(name), self.pictures(name)) for name in self.data_sets())
        for split in self.config.splits():
            name = split.removeprefix("splits/")
            yield statuses.split(name), with_key(str(paths.split_file(name)))
        for file in self.config.episode_files().values():
            yield statuses.episodes(file), with_key(str(paths.EPISODES / file.name))
        for run in self.config.runs():
            yield statuses.training(run), [self._file(name, run) for name in TRAINED]
            yield statuses.evaluation(run), [self._file(name, run) for name in EVALUATED]
        yield statuses.report, [*self.plain_report(), *(one.file for one in self.shown_report())]

    # Resources, for clusters: those of a second and third attempt are two and three times those of the first.

    def minutes(self, wildcards: Any, attempt: int) -> int:
        """The time limit of a job that trains."""
        return sum(forecast.minutes(self.config, run) for run in self.runs(wildcards)) * attempt


def one_of(names: Iterable[str]) -> str:
    """A regular expression of names: a target with another one has no rule."""
    return "|".join(map(re.escape, names)) or "(?!)"


def with_key(pattern: str) -> list[str]:
    """A split or an episode file, and the file of its key."""
    return [pattern, str(run_key.beside(Path(pattern)))]


def _files_of(files: list[EpisodeFile]) -> list[str]:
    return list(map(str, inputs.input_files(files)))
