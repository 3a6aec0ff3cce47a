"""params.yaml with a budget laid over it: what each run needs. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from metascore import problems
from metascore.config.documents import Document, listed
from metascore.config.entries import ITERATIONS, TRAINING, Entry, Layer
from metascore.config.recipe import Recipe
from metascore.config.schema import check, section
from metascore.config.trainings import Pair, shared
from metascore.errors import UsageError
from metascore.problems.base import Problem
from metascore.problems.episode_file import EpisodeFile

OMNIGLOT = "omniglot"  # the data set that is downloaded
SHAPE = ("way", "shot", "query")  # of training episodes, where a recipe's `training` states them


@dataclass(frozen=True)
class Run:
    """A learner on a task with a seed: one meta-training and its evaluation."""

    task: str
    learner: str
    seed: int


@dataclass(frozen=True)
class Config:
    """params.yaml with one of the budgets laid over it."""

    file: Document
    budgets: Mapping[str, Document]
    budget: str
    left_out: frozenset[Pair] = frozenset()  # by `aggregate --without`
    lengths: bool = True  # runs whose training has no length at this budget are left out

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
        """The user's data sets, by name."""
        return {name: own for name, own in self.params["data"].items() if name != OMNIGLOT}

    @property
    def split(self) -> dict[str, Any]:
        return dict(self.params["split"])

    @property
    def episodes(self) -> dict[str, Any]:
        """The section `episodes`: how episodes are drawn."""
        return dict(self.params["episodes"])

    @property
    def is_published(self) -> bool:
        """Whether the results of this budget are in git."""
        return self.budget in self.published_budgets()

    def published_budgets(self) -> list[str]:
        """The budgets whose results are in git."""
        return [name for name, file in self.budgets.items() if file.values.get("published")]

    # Tasks and seeds.

    @cached_property
    def tasks(self) -> dict[str, Problem]:
        """The tasks of the budget: problems with the shape of their validation and test episodes."""
        return {name: self.problem(name) for name in self.of_budget.values["tasks"]}

    def problem(self, task: str) -> Problem:
        """The problem that an entry of `tasks` describes. Raises UsageError where its keys are wrong."""
        key = ("tasks", task)
        keys = dict(self.file.at(key))
        try:
            kind = problems.find(str(keys.pop("problem", "")))
        except UsageError as error:
            raise self.file.wrong((*key, "problem"), str(error)) from error
        check(self.file, key, section(kind.task_keys()), keys)
        try:
            return kind.configured(keys, self.params["data"])
        except UsageError as error:
            raise self.file.wrong(key, str(error)) from error

    def names(self, task: str) -> tuple[str, str]:
        """The keys of a `for` that apply to a task, the last one winning: its problem's name, and its own."""
        return self.params["tasks"][task]["problem"], task

    @property
    def seeds(self) -> list[int]:
        return list(self.of_budget.values["seeds"])

    def seeds_of(self, task: str) -> list[int]:
        """The seeds of a task: the smallest ones, where the budget runs fewer on it."""
        return sorted(self.seeds)[: self.of_budget.values.get("fewer_seeds", {}).get(task)]

    def tell_seeds(self) -> str:
        """The seeds, and those of each task that has fewer, in words."""
        seeds = {task: ", ".join(map(str, self.seeds_of(task))) for task in self.tasks}
        every = ", ".join(map(str, self.seeds))
        fewer = "; ".join(f"{task}: {its}" for task, its in seeds.items() if its != every)
        return f"{every} ({fewer})" if fewer else every

    def seconds(self, task: str) -> float | None:
        """How many seconds a training on a task shall take, None where the budget does not state it."""
        seconds = self.of_budget.values.get("seconds")
        if not isinstance(seconds, dict):
            return seconds
        return next((seconds[name] for name in reversed(self.names(task)) if name in seconds), None)

    # Runs and trainings.

    @property
    def learners(self) -> list[str]:
        return list(self.params["learners"])

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The learners' entries at this budget."""
        return {name: Entry(name, self.file, self.of_budget) for name in self.learners}

    def runs(self) -> list[Run]:
        """Every (task, learner, seed) of the budget."""
        return [Run(task, learner, seed) for task, learner in self.pairs() for seed in self.seeds_of(task)]

    def pairs(self) -> list[Pair]:
        """Every (task, learner) that has runs."""
        return [pair for pair in self._possible if pair not in self.left_out and pair not in self._unmeasured]

    @cached_property
    def _possible(self) -> dict[Pair, None]:
        """Every task with the learners that can run on it, and that no section sets to null."""
        return {
            (task, learner): None
            for task, problem in self.tasks.items()
            for learner, entry in self.entries.items()
            if problem.has(entry.signature.needs) and entry.is_run(self.names(task))
        }

    @cached_property
    def shares_training(self) -> dict[Pair, Pair]:
        """Every (task, learner) without a training of its own, with the one whose training it shares."""
        return shared(self._possible, self.entries, self.of_budget.values.get("trained_on", {}))

    def training_of(self, run: Run) -> Run:
        """The run whose training this one is evaluated with: mostly itself."""
        return Run(*self._trained(run.task, run.learner), run.seed)

    def _trained(self, task: str, learner: str) -> Pair:
        return self.shares_training.get((task, learner), (task, learner))

    def trainings(self) -> list[Run]:
        """The runs that are trained."""
        return [run for run in self.runs() if (run.task, run.learner) not in self.shares_training]

    def trained_pairs(self) -> list[Pair]:
        """Every (task, learner) that is trained."""
        return [pair for pair in self.pairs() if pair not in self.shares_training]

    @cached_property
    def _unmeasured(self) -> frozenset[Pair]:
        """Those whose training has no length at this budget."""
        return frozenset(
            pair for pair in self._possible if self.lengths and not self._has_length(*self._trained(*pair))
        )

    def _has_length(self, task: str, learner: str) -> bool:
        """Whether the budget states iterations, or lets them be the entry's by `full_length`."""
        if not self.entries[learner].signature.learns:
            return True
        document = self.entries[learner].stated(self.names(task))[f"{TRAINING}.{ITERATIONS}"].document
        may_be_the_entry_s = self.of_budget.values.get("full_length", False)
        return document is self.of_budget or (may_be_the_entry_s and document is self.file)

    def warnings(self) -> list[str]:
        """A line for each learner whose runs are left out, for want of a length of its trainings."""
        cure = "run `metascore calibrate {0} --budget {1}`" if "seconds" in self.of_budget.values else "state {2}"
        tasks = {learner: listed(task for task, one in self._unmeasured if one == learner) for learner in self.entries}
        return [
            f"{self.of_budget.file}: {learner}: runs on {names} are left out, for their trainings have no iterations: "
            + cure.format(learner, self.budget, f"`training: {{iterations: N}}` in learners.{learner}")
            for learner, names in tasks.items()
            if names
        ]

    def without(self, pairs: Iterable[Pair]) -> Config:
        """The same without the runs of these. Raises UsageError where one of them has none, or no run is left."""
        pairs, known = frozenset(pairs), self.pairs()
        for task, learner in sorted(pairs - {*known}):
            raise UsageError(f"{task}/{learner}: not part of budget {self.budget}: name a task and a learner of it")
        if pairs.issuperset(known):
            raise UsageError(f"nothing of budget {self.budget} is left: leave out less")
        return replace(self, left_out=pairs)

    # Recipes: that of a run's training is the recipe on the task that it was trained on.

    def recipe(self, task: str, learner: str) -> Recipe:
        """What determines a run beside its data and seed."""
        return self.entries[learner].recipe(self.names(self._trained(task, learner)[0]))

    def stated(self, task: str, learner: str) -> Layer:
        """Every number of a recipe with the place that states it."""
        return self.entries[learner].stated(self.names(self._trained(task, learner)[0]))

    # Splits and episode files.

    def splits(self) -> list[str]:
        """The splits that the budget's episodes are drawn from: paths below data/ without suffix."""
        drawn = [name for one in self.tasks.values() for name in one.drawn_from(self.split["name"])]
        return list(dict.fromkeys(name.removesuffix(".json") for name in drawn if name.startswith("splits/")))

    def split_names(self) -> str:
        """The splits that the tasks are drawn from, such as random or flowers/class; the default one where none is."""
        return ", ".join(name.removeprefix("splits/") for name in self.splits()) or str(self.split["name"])

    def training_problem(self, task: str, learner: str) -> Problem:
        """The task, with the shape of a learner's training episodes. Raises UsageError where the task has no such."""
        task = self._trained(task, learner)[0]
        stated, problem = self.stated(task, learner), self.tasks[task]
        own = {key: stated[f"{TRAINING}.{key}"] for key in SHAPE if stated[f"{TRAINING}.{key}"].value is not None}
        for key, one in own.items():
            if key not in problem.task_keys():
                raise one.document.wrong(one.key, f"{problem.name} has none: leave it out for {task}")
        return replace(problem, **{key: one.value for key, one in own.items()})

    def training_files(self, task: str, learner: str) -> list[EpisodeFile]:
        """The episode files that meta-training reads: training, then validation."""
        validation = self._episodes(self.tasks[self._trained(task, learner)[0]], "validation")
        return [self._episodes(self.training_problem(task, learner), "train"), validation]

    def test_file(self, task: str) -> EpisodeFile:
        return self._episodes(self.tasks[task], "test")

    def test_counts(self) -> str:
        """How many test episodes a task of each problem has, in words."""
        counts = [(self.test_file(task).count, problem.name) for task, problem in self.tasks.items()]
        return ", ".join(f"{count} ({name})" for count, name in dict.fromkeys(counts))

    def episode_files(self) -> dict[str, EpisodeFile]:
        """Every episode file that the budget needs, by its path below data/episodes."""
        files = [file for pair in self.pairs() for file in self.training_files(*pair)]
        files += [self.test_file(task) for task in self.tasks]
        return {file.name: file for file in files}

    def _episodes(self, problem: Problem, part: str) -> EpisodeFile:
        counts = self.of_budget.values["episodes"]
        count = counts.get("for", {}).get(problem.name, {}).get(part, counts[part])
        return EpisodeFile(problem, part, problem.counted(part, count))
