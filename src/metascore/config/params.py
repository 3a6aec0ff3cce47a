"""params.yaml: read, validated and resolved to what each run needs. Must not import torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from metascore.config import signatures
from metascore.config.overlay import merged, restricted
from metascore.config.schema import check_schema, key_path, told
from metascore.data.episodes import DRAWERS, Shape
from metascore.errors import UsageError

KINDS = {"omniglot": "classification", "sine": "regression"}
TRAINING_KEYS_OF_EPISODES = ("way", "shot", "query")


@dataclass(frozen=True)
class Task:
    """A problem setting: the shape of validation and test episodes."""

    name: str
    problem: str
    way: int
    shot: int
    query: int

    @property
    def kind(self) -> str:
        """Classification or regression."""
        return KINDS[self.problem]

    def shape(self, part: str, **other: int) -> Shape:
        """The shape of this task's episodes in a part, or another one where `other` says so."""
        size = {"way": self.way, "shot": self.shot, "query": self.query} | other
        return Shape(self.problem, part, **size)


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
        problems = dict.fromkeys(task.problem for task in self.tasks.values())
        return ", ".join(f"{self.count(problem, 'test')} ({problem})" for problem in problems)

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The tasks that the budget runs."""
        defined = self.params["tasks"]
        return {name: Task(**{"name": name, "way": 1} | defined[name]) for name in self._budget["tasks"]}

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
            Run(task.name, learner, seed)
            for task in self.tasks.values()
            for learner in self.learners
            if task.kind in signatures.kinds(self._file(learner)) and not self._left_out(task.name, learner)
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

    def training_shape(self, task: str, learner: str) -> Shape:
        """The shape of a learner's training episodes: its recipe's, or the task's."""
        training = self.recipe(task, learner)["training"]
        other = {key: training[key] for key in TRAINING_KEYS_OF_EPISODES if training.get(key) is not None}
        return self.tasks[task].shape("train", **other)

    def validation_shape(self, task: str) -> Shape:
        return self.tasks[task].shape("validation")

    def test_shape(self, task: str) -> Shape:
        return self.tasks[task].shape("test")

    def shapes_of(self, task: str, learner: str) -> list[Shape]:
        """The episode files that meta-training reads."""
        return [self.training_shape(task, learner), self.validation_shape(task)]

    def episode_files(self) -> dict[str, Shape]:
        """Every episode file that the budget needs, by its path below data/episodes."""
        pairs = dict.fromkeys((run.task, run.learner) for run in self.runs())
        shapes = [shape for pair in pairs for shape in self.shapes_of(*pair)]
        shapes += [self.test_shape(task) for task in self.tasks]
        return {shape.file: shape for shape in shapes}

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
    for check in (_check_names, _check_recipes, _check_shapes):
        check(config)
    return config


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
    known = set(config.params["tasks"]) | set(KINDS)
    sections = {"learners": config.params["learners"]}
    sections |= {f"budgets.{name}.learners": value["learners"] for name, value in config.params["budgets"].items()}
    for place, entries in sections.items():
        for learner, entry in entries.items():
            for name in (entry or {}).get("for", {}):
                if name not in known:
                    raise UsageError(f"{place}.{learner}.for: {name!r} is no problem or task: one of {_list(known)}")


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
        schema = {"type": "object", "properties": properties}
        error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(given))
        if error is not None:
            raise UsageError(f"learners.{learner}.{key_path(error)}: {told(error)}")


def _check_shapes(config: Config) -> None:
    """Way, shot and query that the data can give."""
    for file, shape in config.episode_files().items():
        if shape.problem != "omniglot":
            continue
        if shape.shot + shape.query > DRAWERS:
            raise UsageError(
                f"tasks: {file} needs shot + query = {shape.shot + shape.query} drawings of a character, Omniglot "
                f"has {DRAWERS}: lower shot or query"
            )
        size = config.split[shape.part] if config.split["name"] == "random" else math.inf
        if shape.way > size:
            raise UsageError(f"tasks: {file} needs {shape.way} characters, split.{shape.part} is {size}: lower way")


def _list(names: Any) -> str:
    return ", ".join(sorted(map(str, names)))
