"""Checks of params.yaml and of every budget, whichever is chosen. Each function raises UsageError."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from metascore import problems
from metascore.config import schema, signatures
from metascore.config.documents import listed
from metascore.config.entries import ALL, TRAINING, Entry
from metascore.config.params import Config
from metascore.errors import UsageError


def check(config: Config) -> None:
    """Check everything that does not depend on the data: keys and types first, then each recipe and training."""
    file, tasks = config.file, config.params["tasks"]
    data = {
        name: schema.section(schema.OMNIGLOT if name == "omniglot" else schema.FOLDER) for name in config.params["data"]
    }
    schema.check(file, ("data",), schema.section({"omniglot": Any} | data), config.params["data"])
    for task in tasks:
        config.problem(task)
    names = (*tasks, *problems.known())
    for entry in config.entries.values():
        _check_entry(entry, config.entries, names)
    for name, document in config.budgets.items():
        at_budget = replace(config, budget=name, lengths=False)
        schema.check(document, (), schema.budget(tasks, config.learners, problems.known()), document.values)
        _check_rows(at_budget, names)
        for task, learner in at_budget.pairs():
            _check_recipe(at_budget, task, learner)
            _check_training(at_budget, task, learner)


def check_shapes(config: Config) -> None:
    """Check that the data, as they are now, can give episodes of each shape."""
    for file in config.episode_files().values():
        file.problem.check(file.part, config.split)


def _check_entry(entry: Entry, entries: Mapping[str, Entry], names: tuple[str, ...]) -> None:
    values, other = entry.params.at(entry.key) or {}, entry.trained_as
    references = {key: value for key, value in values.items() if key in schema.ENTRY}
    schema.check(entry.params, entry.key, schema.section(schema.ENTRY), references)
    try:
        signatures.path_of(entry.file)
    except UsageError as error:
        file = f"src/metascore/learners/{entry.file}.py"
        cure = "" if entry.file in signatures.known() else f": write {file}, install its package, or name one of these"
        raise entry.params.wrong(entry.key, f"{error}{cure}") from error
    numbers = {key: value for key, value in values.items() if key not in schema.ENTRY}
    schema.check(entry.params, entry.key, _numbers(entry.file, names), numbers)
    alike = [name for name, one in entries.items() if one.file == entry.file and one is not entry]
    if other is not None and other not in alike:
        cure = f"choose from {listed(alike) or 'none'}, or delete it"
        raise entry.params.wrong((*entry.key, "trained_as"), f"{other!r} is no other entry of {entry.file}.py: {cure}")


def _check_rows(config: Config, names: tuple[str, ...]) -> None:
    """A budget names its own tasks, and its rows state numbers that their learners have."""
    budget = config.of_budget
    for section in ("fewer_seeds", "trained_on"):
        for task in budget.at((section,)) or {}:
            if task not in config.tasks:
                raise budget.wrong((section, task), "not a task of this budget: delete it")
    for learner, row in budget.values["learners"].items():
        file = None if learner == ALL[-1] else config.entries[learner].file
        schema.check(budget, ("learners", learner), _numbers(file, names), row or {})


@cache
def _numbers(file: str | None, names: tuple[str, ...]) -> Any:  # pydantic's TypeAdapter
    """The type of a budget's row for the learner of a file, or for all (None): what any learner has."""
    found: set[str] = set()
    for one in signatures.known() if file is None else [file]:
        with suppress(UsageError):  # the error of a broken file is raised where an entry uses it
            found |= signatures.of(one).types.keys()
    return TypeAdapter(schema.numbers(found, names))


def _check_recipe(config: Config, task: str, learner: str) -> None:
    """No number is missing, and what is trained can be evaluated on the task."""
    training, problem = config.recipe(task, learner).training, config.training_problem(task, learner)
    if training.schedule == "halving" and not training.halve_every:
        stated = config.stated(task, learner)[f"{TRAINING}.schedule"]
        raise stated.document.wrong(stated.key, f"halving needs `halve_every` (for {task}): add it")
    trained, needed = problem.outputs, config.tasks[task].outputs
    if trained != needed and not config.entries[learner].signature.any_way:
        what = f"{learner}, trained with {trained} ways, cannot be evaluated with {needed} (on {task}): state the same"
        if (task, learner) in config.shares_training:
            raise config.of_budget.wrong(("trained_on", task), what)
        stated = config.stated(task, learner)[f"{TRAINING}.way"]
        raise stated.document.wrong(stated.key, what)


def _check_training(config: Config, task: str, learner: str) -> None:
    """A training that a run shares is there for each of its seeds, on the same data, and of the same recipe."""
    trained = config.shares_training.get((task, learner))
    if trained is None:
        return
    on, other = trained
    budget, key = config.of_budget, ("trained_on", task) if on != task else ("learners", learner)
    if on not in config.tasks or _drawn(config, on) != _drawn(config, task):
        raise budget.wrong(key, f"{on} is not a task of this budget with the same data and split: delete it")
    if trained not in config.trained_pairs() or not {*config.seeds_of(task)} <= {*config.seeds_of(on)}:
        cure = f"give it one, or state `{learner}: null`"
        raise budget.wrong(key, f"{learner} has no training on {on} for each of its seeds: {cure}")
    own = {*(config.file.at(("learners", learner)) or ())} if learner != other else set()
    recipe, shared = config.recipe(task, learner), config.recipe(on, other)
    numbers = [name for name, value in recipe.hyper_parameters.items() if shared.hyper_parameters[name] != value]
    differing = sorted({*numbers} - own) or ([TRAINING] if recipe.training != shared.training else [])
    if differing:
        what = f"on {task} it differs from that of {other}, which trains for both: state the same"
        raise budget.wrong(("learners", learner, differing[0]), what)


def _drawn(config: Config, task: str) -> tuple[Any, ...]:
    """What decides which classes a task trains on, and which it is evaluated on."""
    problem = config.tasks[task]
    return type(problem), problem.inputs, problem.drawn_from(config.split["name"])
