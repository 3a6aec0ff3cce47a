"""params.yaml: read, validated and resolved to what each run needs. Must not import torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from metascore import problems
from metascore.config import signatures
from metascore.config.overlay import merged, restricted
from metascore.config.schema import check_schema, check_values
from metascore.errors import UsageError
from metascore.problems.base import EpisodeFile, Problem

SHAPE = ("way", "shot", "query")  # of training episodes, where a recipe's `training` states them


@dataclass(frozen=True)
class Run:
    """One meta-training: a learner on a task with a seed."""

    task: str
    learner: str
    seed: int


@dataclass(frozen=True)
class Config:
    """params.yaml with one of its budgets laid over it."""

    params: dict[str, Any]
    budget: str

    @property
    def data(self) -> dict[str, Any]:
        return self.params["data"]

    @property
    def split(self) -> dict[str, Any]:
        return self.params["split"]

    @property
    def episodes(self) -> dict[str, Any]:
        """The section `episodes`: how episodes are drawn."""
        return self.params["episodes"]

    def count(self, problem: str, part: str) -> int:
        """How many episodes of a problem the budget draws for a part."""
        counts = self._budget["episodes"]
        return counts.get("for", {}).get(problem, {}).get(part, counts[part])

    def test_counts(self) -> str:
        """How many test episodes a task of each problem has, in words."""
        names = dict.fromkeys(problem.name for problem in self.tasks.values())
        return ", ".join(f"{self.count(name, 'test')} ({name})" for name in names)

    @cached_property
    def tasks(self) -> dict[str, Problem]:
        """The tasks that the budget runs: problems with the shape of their validation and test episodes."""
        return {name: self.problem(name) for name in self._budget["tasks"]}

    @property
    def seeds(self) -> list[int]:
        return self._budget["seeds"]

    @property
    def learners(self) -> list[str]:
        return list(self.params["learners"])

    @property
    def _budget(self) -> dict[str, Any]:
        return self.params["budgets"][self.budget]

    def runs(self) -> list[Run]:
        """Every (task, learner, seed), without the tasks that a learner's file or entry declares it doesn't do."""
        return [
            Run(task, learner, seed)
            for task, problem in self.tasks.items()
            for learner in self.learners
            if problem.has(signatures.needs(self._file(learner))) and not self._left_out(task, learner)
            for seed in self.seeds
        ]

    def recipe(self, task: str, learner: str) -> dict[str, Any]:
        """What determines a run beside its data and seed: {"learner", "hyper_parameters", "training"}.

        A learner's entry, then its `for` for the problem and for the task; then the same from the budget:
        first `all`, which changes only what the entry itself states, then the learner's own.
        """
        entry, everyone, own = (self._for(section, task) for section in self._sections(learner))
        entry = merged(merged(entry, restricted(everyone, entry)), own)
        training = entry.pop("training", {})
        file = entry.pop("learner", learner)
        return {"learner": file, "hyper_parameters": entry, "training": training}

    def training_problem(self, task: str, learner: str) -> Problem:
        """The task, with the shape of a learner's training episodes: its recipe's where it states one."""
        training, problem = self.recipe(task, learner)["training"], self.tasks[task]
        other = {key: training[key] for key in SHAPE if training.get(key) is not None}
        for key in other.keys() - problem.schema()["properties"].keys():
            raise UsageError(f"learners.{learner}.training.{key}: {problem.name} has none: leave it out for {task}")
        return replace(problem, **other)

    def training_files(self, task: str, learner: str) -> list[EpisodeFile]:
        """The episode files that meta-training reads: training, then validation."""
        return [self._episodes(self.training_problem(task, learner), "train"), self.validation_file(task)]

    def validation_file(self, task: str) -> EpisodeFile:
        return self._episodes(self.tasks[task], "validation")

    def test_file(self, task: str) -> EpisodeFile:
        return self._episodes(self.tasks[task], "test")

    def episode_files(self) -> dict[str, EpisodeFile]:
        """Every episode file that the budget needs, by its path below data/episodes."""
        pairs = dict.fromkeys((run.task, run.learner) for run in self.runs())
        files = [file for pair in pairs for file in self.training_files(*pair)]
        files += [self.test_file(task) for task in self.tasks]
        return {file.name: file for file in files}

    def _episodes(self, problem: Problem, part: str) -> EpisodeFile:
        return EpisodeFile(problem, part, self.count(problem.name, part))

    def problem(self, name: str) -> Problem:
        """The problem that an entry of `tasks` describes. Raises UsageError where it has no such keys."""
        entry = dict(self.params["tasks"][name])
        try:
            kind = problems.find(entry.pop("problem"))
        except UsageError as error:
            raise UsageError(f"tasks.{name}.problem: {error}") from error
        check_values(entry, kind.schema(), f"tasks.{name}")
        return kind(**entry)

    def _file(self, learner: str) -> str:
        return (self.params["learners"][learner] or {}).get("learner", learner)

    def _sections(self, learner: str) -> list[dict[str, Any]]:
        """What params.yaml says of a learner: its entry, then what the budget says of all learners, and of this one."""
        budget = self._budget["learners"]
        return [self.params["learners"][learner] or {}, budget.get("all") or {}, budget.get(learner) or {}]

    def _left_out(self, task: str, learner: str) -> bool:
        """Whether a `for` has nothing (null) for this task or its problem."""
        names = (self.params["tasks"][task]["problem"], task)
        return any(
            section.get("for", {}).get(name, {}) is None for section in self._sections(learner) for name in names
        )

    def _for(self, entry: dict[str, Any], task: str) -> dict[str, Any]:
        """An entry with its overrides for this task's problem and for this task laid over it."""
        own = {key: value for key, value in entry.items() if key != "for"}
        for name in (self.params["tasks"][task]["problem"], task):
            own = merged(own, entry.get("for", {}).get(name) or {})
        return own


def load(path: str | Path = "params.yaml", budget: str | None = None) -> Config:
    """Read and validate params.yaml. Raises UsageError: one line naming key, value and what is allowed."""
    try:
        params = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}: run from the project's folder, or give --params") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    return validated(params, budget, str(path))


def validated(params: Any, budget: str | None = None, path: str = "params.yaml") -> Config:
    """A Config of these parameters, after checking them against the schema, the learners' files and the data."""
    check_schema(params, path)
    config = Config(params, budget or params["budget"])
    if config.budget not in params["budgets"]:
        raise UsageError(f"budget: {config.budget!r} is not defined: choose one of {_list(params['budgets'])}")
    for check in (_check_tasks, _check_names, _check_recipes, _check_shapes):
        check(config)
    return config


def _check_tasks(config: Config) -> None:
    """Every task is a problem, whether the budget runs it or not."""
    for name in config.params["tasks"]:
        config.problem(name)


def _check_names(config: Config) -> None:
    """Tasks and learners that are referred to are defined; learners have files."""
    tasks, learners = config.params["tasks"], config.params["learners"]
    for name, section in config.params["budgets"].items():
        for key, known in (("tasks", tasks), ("learners", {"all": {}} | learners)):
            for item in section[key]:
                if item not in known:
                    raise UsageError(f"budgets.{name}.{key}: {item!r} is not defined: choose from {_list(known)}")
    for learner in learners:
        if not signatures.exists(config._file(learner)):
            raise UsageError(
                f"learners.{learner}: no file src/metascore/learners/{config._file(learner)}.py: write it, or name "
                f"an existing one by `learner:` ({', '.join(signatures.learner_files())})"
            )
    _check_overrides(config)


def _check_overrides(config: Config) -> None:
    """Each `for` names a problem or a task."""
    kinds = set(problems.known())
    known = set(config.params["tasks"]) | kinds
    sections = {"learners": config.params["learners"]}
    sections |= {f"budgets.{name}.learners": value["learners"] for name, value in config.params["budgets"].items()}
    for place, entries in sections.items():
        for learner, entry in entries.items():
            for name in (entry or {}).get("for", {}):
                if name not in known:
                    raise UsageError(f"{place}.{learner}.for: {name!r} is no problem or task: one of {_list(known)}")
    for name, budget in config.params["budgets"].items():
        for problem in budget["episodes"].get("for", {}).keys() - kinds:
            raise UsageError(f"budgets.{name}.episodes.for: {problem!r} is no problem: one of {_list(kinds)}")


def _check_recipes(config: Config) -> None:
    """Every resolved recipe fits the constructor of its learner."""
    for task, learner in dict.fromkeys((run.task, run.learner) for run in config.runs()):
        recipe = config.recipe(task, learner)
        properties = signatures.hyper_parameters(recipe["learner"])
        given = recipe["hyper_parameters"]
        for key in given:
            if key not in properties:
                raise UsageError(f"learners.{learner}.{key}: unknown hyper-parameter: one of {_list(properties)}")
        for key in signatures.required(recipe["learner"]):
            if key not in given:
                raise UsageError(f"learners.{learner}.{key}: missing (for task {task}): add it to params.yaml")
        check_values(given, {"type": "object", "properties": properties}, f"learners.{learner}")


def _check_shapes(config: Config) -> None:
    """Way, shot and query that the data can give."""
    for file in config.episode_files().values():
        file.problem.check(file.part, config.split)


def _list(names: Any) -> str:
    return ", ".join(sorted(map(str, names)))
