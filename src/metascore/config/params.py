"""params.yaml with a budget laid over it: what each run needs. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from metascore import problems
from metascore.config import signatures
from metascore.config.documents import Document, dotted
from metascore.config.entries import Entry
from metascore.config.overlay import TRAINING, Layer
from metascore.config.recipe import Recipe
from metascore.config.schema import check_values
from metascore.config.serving import Pair, serving
from metascore.errors import UsageError
from metascore.problems.base import Problem
from metascore.problems.episode_file import EpisodeFile

OMNIGLOT = "omniglot"  # the data set that is fetched, not given
SHAPE = ("way", "shot", "query")  # of training episodes, where a recipe's `training` states them


@dataclass(frozen=True)
class Run:
    """One meta-training: a learner on a task with a seed."""

    task: str
    learner: str
    seed: int


@dataclass(frozen=True)
class Config:
    """params.yaml with one of the budgets laid over it."""

    file: Document
    budgets: Mapping[str, Document]
    budget: str
    left_out: frozenset[Pair] = frozenset()  # have no runs, whatever the files say

    @property
    def params(self) -> dict[str, Any]:
        """The content of params.yaml."""
        values: dict[str, Any] = self.file.values
        return values

    @property
    def of_budget(self) -> Document:
        """The file of the budget."""
        return self.budgets[self.budget]

    @property
    def data(self) -> dict[str, Any]:
        """Where Omniglot comes from."""
        return dict(self.params["data"][OMNIGLOT])

    @property
    def folders(self) -> dict[str, dict[str, Any]]:
        """The data sets of the user's own, by name."""
        return {name: own for name, own in self.params["data"].items() if name != OMNIGLOT}

    def splits(self) -> list[str]:
        """The splits that the budget's episodes are drawn from: paths below data/ without suffix."""
        drawn = [name for one in self.tasks.values() for name in one.drawn_from(self.split["name"])]
        return list(dict.fromkeys(name.removesuffix(".json") for name in drawn if name.startswith("splits/")))

    def split_names(self) -> str:
        """The splits that the tasks are drawn from, such as random or flowers/class; the default one where none is."""
        names = [name.removeprefix("splits/") for name in self.splits()]
        return ", ".join(names) or str(self.split["name"])

    @property
    def split(self) -> dict[str, Any]:
        return dict(self.params["split"])

    @property
    def episodes(self) -> dict[str, Any]:
        """The section `episodes`: how episodes are drawn."""
        return dict(self.params["episodes"])

    def count(self, problem: str, part: str) -> int:
        """How many episodes of a problem the budget draws for a part."""
        counts = self.of_budget.values["episodes"]
        return int(counts.get("for", {}).get(problem, {}).get(part, counts[part]))

    def test_counts(self) -> str:
        """How many test episodes a task of each problem has, in words."""
        counts = [(self.test_file(task).count, problem.name) for task, problem in self.tasks.items()]
        return ", ".join(f"{count} ({name})" for count, name in dict.fromkeys(counts))

    @cached_property
    def tasks(self) -> dict[str, Problem]:
        """The tasks that the budget runs: problems with the shape of their validation and test episodes."""
        return {name: self.problem(name) for name in self.of_budget.values["tasks"]}

    def problem(self, task: str) -> Problem:
        """The problem that an entry of `tasks` describes. Raises UsageError where it has no such keys."""
        key = ("tasks", task)
        kind = self.kind(task)
        keys = {name: value for name, value in self.file.at(key).items() if name != "problem"}
        check_values(Document(self.file.file, {"tasks": {task: keys}}, self.file.lines), key, kind.schema())
        try:
            return kind.configured(keys, self.params["data"])
        except UsageError as error:
            raise self.file.wrong(key, str(error)) from error

    def kind(self, task: str) -> type[Problem]:
        """The kind of problem that a task is."""
        key = ("tasks", task, "problem")
        try:
            return problems.find(self.file.at(key))
        except UsageError as error:
            raise self.file.wrong(key, str(error)) from error

    def seconds(self, task: str) -> float | None:
        """How long the budget wants a training on a task to take; None where it doesn't say."""
        seconds = self.of_budget.values.get("seconds")
        if not isinstance(seconds, dict):
            return seconds
        return next((seconds[name] for name in reversed(self.names(task)) if name in seconds), None)

    @property
    def seeds(self) -> list[int]:
        return list(self.of_budget.values["seeds"])

    def seeds_of(self, task: str) -> list[int]:
        """The seeds of a task: the first ones, where the budget runs fewer of it."""
        return sorted(self.seeds)[: self.of_budget.values.get("fewer_seeds", {}).get(task)]

    def tell_seeds(self) -> str:
        """The seeds, and those of each task that has fewer, in words."""
        listed = {task: ", ".join(map(str, self.seeds_of(task))) for task in self.tasks}
        every = ", ".join(map(str, self.seeds))
        fewer = "; ".join(f"{task}: {seeds}" for task, seeds in listed.items() if seeds != every)
        return f"{every} ({fewer})" if fewer else every

    @property
    def is_published(self) -> bool:
        """Whether the results of this budget come with the project, in git."""
        return bool(self.of_budget.values.get("published", False))

    def published_budgets(self) -> list[str]:
        """All budgets whose results come with the project."""
        return [name for name, file in self.budgets.items() if file.values.get("published")]

    @property
    def learners(self) -> list[str]:
        return list(self.params["learners"])

    def runs(self) -> list[Run]:
        """Every (task, learner, seed), without the tasks that a learner's file or entry declares it doesn't do."""
        return [Run(task, learner, seed) for task, learner in self.pairs() for seed in self.seeds_of(task)]

    def pairs(self) -> list[Pair]:
        """Every (task, learner) that has runs."""
        return [pair for pair in self._every_pair if pair not in self.left_out]

    @cached_property
    def _every_pair(self) -> dict[Pair, None]:
        """Those that are left out too."""
        return {
            (task, learner): None
            for task, problem in self.tasks.items()
            for learner, entry in self.entries.items()
            if problem.has(signatures.needs(entry.file)) and entry.is_run(self.names(task))
        }

    @cached_property
    def shares_training(self) -> dict[Pair, Pair]:
        """Every (task, learner) without a training of its own, with the one whose training serves it too."""
        return serving(self._every_pair, self.entries, self.of_budget.values.get("trained_on", {}))

    def training_of(self, run: Run) -> Run:
        """The run whose training this one is judged with: mostly itself."""
        return Run(*self.shares_training.get((run.task, run.learner), (run.task, run.learner)), run.seed)

    def trainings(self) -> list[Run]:
        """The runs that are trained."""
        return [run for run in self.runs() if (run.task, run.learner) not in self.shares_training]

    def trained_pairs(self) -> list[Pair]:
        """Every (task, learner) that is trained."""
        return [pair for pair in self.pairs() if pair not in self.shares_training]

    def without(self, pairs: Iterable[Pair]) -> Config:
        """The same without the runs of these. Raises UsageError where one of them has none, or nothing is left."""
        pairs, known = frozenset(pairs), self.pairs()
        for task, learner in sorted(pairs - {*known}):
            raise UsageError(f"{task}/{learner}: not part of budget {self.budget}: name a task and a learner of it")
        if pairs.issuperset(known):
            raise UsageError(f"nothing of budget {self.budget} is left: leave out less")
        return replace(self, left_out=pairs)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The learners' entries at this budget."""
        return {name: Entry(name, self.file, self.of_budget) for name in self.learners}

    def names(self, task: str) -> tuple[str, str]:
        """The names of a `for` that concern a task, the last one winning: its problem's, and its own."""
        return self.params["tasks"][task]["problem"], task

    # What concerns a training is that of the task that it was on.

    def recipe(self, task: str, learner: str) -> Recipe:
        """What determines a run beside its data and seed."""
        return self.entries[learner].recipe(self.names(self._training_task(task, learner)))

    def stated(self, task: str, learner: str) -> Layer:
        """Every number of a recipe with the place that states it."""
        return self.entries[learner].stated(self.names(self._training_task(task, learner)))

    def training_problem(self, task: str, learner: str) -> Problem:
        """The task, with the shape of a learner's training episodes: its recipe's where it states one."""
        task = self._training_task(task, learner)
        stated, problem = self.stated(task, learner), self.tasks[task]
        own = {key: stated[f"{TRAINING}.{key}"] for key in SHAPE if stated[f"{TRAINING}.{key}"].value is not None}
        for key, one in own.items():
            if key not in problem.schema()["properties"]:
                raise UsageError(f"{one.place}: {dotted(one.key)}: {problem.name} has none: leave it out for {task}")
        return replace(problem, **{key: one.value for key, one in own.items()})

    def training_files(self, task: str, learner: str) -> list[EpisodeFile]:
        """The episode files that meta-training reads: training, then validation."""
        validation = self.validation_file(self._training_task(task, learner))
        return [self._episodes(self.training_problem(task, learner), "train"), validation]

    def _training_task(self, task: str, learner: str) -> str:
        return self.shares_training.get((task, learner), (task, learner))[0]

    def validation_file(self, task: str) -> EpisodeFile:
        return self._episodes(self.tasks[task], "validation")

    def test_file(self, task: str) -> EpisodeFile:
        return self._episodes(self.tasks[task], "test")

    def episode_files(self) -> dict[str, EpisodeFile]:
        """Every episode file that the budget needs, by its path below data/episodes."""
        files = [file for pair in self.pairs() for file in self.training_files(*pair)]
        files += [self.test_file(task) for task in self.tasks]
        return {file.name: file for file in files}

    def _episodes(self, problem: Problem, part: str) -> EpisodeFile:
        return EpisodeFile(problem, part, problem.counted(part, self.count(problem.name, part)))
