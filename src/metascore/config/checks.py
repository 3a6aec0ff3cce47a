"""What the schema cannot know: names are defined, numbers are those of the learner, recipes are whole.

Every section of params.yaml and of every budget is checked, whichever budget is chosen; what the data can give is
checked for the chosen one, by `check_shapes`. Each function raises UsageError.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from metascore import problems
from metascore.config import signatures, trained_on
from metascore.config.documents import Document, Key, dotted, listed
from metascore.config.entries import EVERYONE, ITERATIONS, Entry
from metascore.config.overlay import ABOUT_THE_ENTRY, TRAINING, Layer
from metascore.config.params import Config
from metascore.config.schema import check_values
from metascore.errors import UsageError
from metascore.problems.base import Problem


def check(config: Config, lengths: bool = True) -> None:
    """Everything below but shapes: first what is needed to make sense of the rest.

    Without `lengths`, they may be missing.
    """
    for task in config.params["tasks"]:
        config.problem(task)
    for entry in config.entries.values():
        _check_file(config, entry)
        _check_twin(config, entry)
        _check_section(config, config.file, entry.row, [entry])
    for name in config.budgets:
        at_budget = replace(config, budget=name)
        _check_names(at_budget)
        _check_rows(at_budget)
        trained_on.check_names(at_budget)
        for task, learner in at_budget.pairs():
            _check_recipe(at_budget, task, learner)
        trained_on.check_trainings(at_budget)
        if lengths and (name == config.budget or "seconds" not in at_budget.of_budget.values):
            _check_lengths(at_budget)


def _check_file(config: Config, entry: Entry) -> None:
    """An entry has a name of its own, and a file."""
    if entry.row == EVERYONE:
        raise config.file.wrong(entry.row, "means all learners in a budget: give this one another name")
    if not signatures.exists(entry.file):
        raise config.file.wrong(
            entry.row,
            f"no file src/metascore/learners/{entry.file}.py: write it, install the package that offers it, or name an "
            f"existing one by `learner:` ({', '.join(signatures.known())})",
        )
    try:
        signatures.path_of(entry.file)
    except UsageError as error:
        raise config.file.wrong(entry.row, str(error)) from error


def _check_twin(config: Config, entry: Entry) -> None:
    """An entry is paired with another one, of the same file: other learners' seeds draw something else."""
    alike = [one.name for one in config.entries.values() if one.file == entry.file and one.name != entry.name]
    if entry.shares_training is not None and entry.shares_training not in alike:
        raise config.file.wrong(
            ("learners", entry.name, "paired_with"),
            f"{entry.shares_training!r} is no other entry of {entry.file}.py: choose from "
            f"{listed(alike) or 'none'}, or delete it",
        )


def _check_names(config: Config) -> None:
    """A budget's tasks and learners are defined, and what it states of learners are numbers that they have."""
    budget, everyone, kinds = config.of_budget, EVERYONE[-1], problems.known()
    for kind in budget.values["episodes"].get("for", {}):
        if kind not in kinds:
            raise budget.wrong(("episodes", "for", kind), f"{kind!r} is no problem: one of {listed(kinds)}")
    tasks, learners = config.params["tasks"], [everyone, *config.learners]
    for index, task in enumerate(budget.values["tasks"]):
        if task not in tasks:
            raise budget.wrong(("tasks", index), f"{task!r} is not defined: choose from {listed(tasks)}")
    for task in budget.values.get("fewer_seeds", {}):
        if task not in budget.values["tasks"]:
            raise budget.wrong(("fewer_seeds", task), "not a task of this budget: delete it")
    for learner in budget.values["learners"]:
        if learner not in learners:
            raise budget.wrong(("learners", learner), f"not defined in {config.file.file}: one of {listed(learners)}")
        entries = config.entries.values() if learner == everyone else [config.entries[learner]]
        _check_section(config, budget, ("learners", learner), list(entries))


def _check_rows(config: Config) -> None:
    """What was measured is of tasks and learners that are defined."""
    budget = config.of_budget
    for task, rows in budget.values.get(ITERATIONS, {}).items():
        if task not in config.params["tasks"]:
            raise budget.wrong((ITERATIONS, task), "not a task: delete it")
        for learner in rows:
            if learner not in config.learners:
                raise budget.wrong((ITERATIONS, task, learner), f"not defined in {config.file.file}: delete it")
            if (twin := config.entries[learner].shares_training) is not None:
                raise budget.wrong((ITERATIONS, task, learner), f"it is paired with {twin} and trains alike: delete it")


def _check_section(config: Config, document: Document, section: Key, entries: list[Entry]) -> None:
    """A section and its `for` state numbers that its learners (one, or all) have, for problems that they can do."""
    for key in _numbers(document, section):
        _check_number(document, key, entries)
    for name, value in (document.at((*section, "for")) or {}).items():
        part = (*section, "for", name)
        named = _problems(config, document, part)
        able = [entry for entry in entries if _can_do(entry, named)]
        if value and not able and section != EVERYONE:
            raise document.wrong(part, f"{section[-1]} cannot do {name}: delete it")
        for key in _numbers(document, part):
            _check_number(document, key, able)


def _can_do(entry: Entry, named: list[Problem]) -> bool:
    """Whether a learner can do one of these problems; of a kind that no task has, nobody can say that it can't."""
    return not named or any(one.has(signatures.needs(entry.file)) for one in named)


def _problems(config: Config, document: Document, key: Key) -> list[Problem]:
    """The problems that a `for` names: a task's, or those of all tasks of a kind."""
    tasks, kinds, name = config.params["tasks"], problems.known(), key[-1]
    if name not in (*kinds, *tasks):
        raise document.wrong(key, f"{name!r} is no problem or task: one of {listed([*kinds, *tasks])}")
    return [config.problem(task) for task in tasks if name in (task, tasks[task]["problem"])]


def _numbers(document: Document, section: Key) -> Iterator[Key]:
    """The keys of the numbers that a section states."""
    for name in document.at(section) or {}:
        if name == TRAINING:
            yield from ((*section, name, key) for key in document.at((*section, name)))
        elif name not in ABOUT_THE_ENTRY:
            yield (*section, name)


def _check_number(document: Document, key: Key, entries: list[Entry]) -> None:
    """A number is one that some of these learners have, and fits all of them that have it."""
    name = key[-1]
    if key[-2] == TRAINING:  # the file's schema knows its keys
        if key[:2] != EVERYONE and not any(signatures.learns(entry.file) for entry in entries):
            raise document.wrong(key, f"{key[1]} has nothing to train (its `learns` is False): delete it")
        if name == ITERATIONS and "seconds" in document.values:
            raise document.wrong(key, f"the budget's {ITERATIONS} are measured to fill its `seconds`: delete it")
        return
    schemas = [fields[name] for entry in entries if name in (fields := signatures.hyper_parameters(entry.file))]
    if not schemas and not (key[:2] == EVERYONE and _is_known_elsewhere(name)):
        known = {name for entry in entries for name in signatures.fields(entry.file)}
        raise document.wrong(key, f"unknown: no hyper-parameter of {key[1]}: one of {listed(known)}")
    for schema in schemas:
        check_values(document, key, schema)


def _is_known_elsewhere(name: str) -> bool:
    """Whether a learner without an entry has a hyper-parameter, so that `all` may state it."""
    return any(name in signatures.fields(file) for file in signatures.readable_files())


def _check_recipe(config: Config, task: str, learner: str) -> None:
    """Nothing is missing in a recipe, and its training is one of this problem and has a length of its own."""
    entry, stated = config.entries[learner], config.stated(task, learner)
    for name in signatures.required(entry.file):
        if name not in stated:
            raise config.file.wrong((*entry.row, name), f"missing (for {task}): add it")
    config.training_problem(task, learner)
    if stated[f"{TRAINING}.schedule"].value == "halving" and not stated[f"{TRAINING}.halve_every"].value:
        place, key = stated[f"{TRAINING}.schedule"][1:]
        raise UsageError(f"{place}: {dotted(key)}: halving needs `halve_every` (for {task}): add it")


def _check_lengths(config: Config) -> None:
    """A learner that learns says for how long: in its entry, and in each budget that has lengths of its own."""
    for task, learner in config.trained_pairs():
        entry = config.entries[learner]
        if not signatures.learns(entry.file):
            continue
        if "seconds" in config.of_budget.values:
            _check_measured(config, task, entry)
        else:
            _check_length(config, task, entry, config.stated(task, learner))


def _check_measured(config: Config, task: str, entry: Entry) -> None:
    """A budget of equal seconds has measured how many iterations fill them."""
    budget = config.of_budget
    if config.seconds(task) is None:
        raise budget.wrong(("seconds",), f"says nothing of {task}: add it, or its problem")
    if not entry.length(task):
        name = entry.shares_training or entry.name
        raise budget.wrong(
            (ITERATIONS, task, name),
            f"missing: run `metascore calibrate {name} --budget {config.budget}`, or leave it out by "
            f"`learners: {{{entry.name}: null}}`",
        )


def _check_length(config: Config, task: str, entry: Entry, stated: Layer) -> None:
    name, budget = (TRAINING, ITERATIONS), config.of_budget
    iterations = stated[".".join(name)]
    if iterations.key == name:  # the default
        raise config.file.wrong(
            (*entry.row, *name),
            f"missing (for {task}): {entry.file} learns: add its `training`, or `learns = False` to its file",
        )
    if iterations.place.file != budget.file and not budget.values.get("full_length"):
        raise budget.wrong(
            (*entry.row, *name),
            f"missing (for {task}): give {entry.name} a row with iterations of this budget ({iterations.place} has "
            f"{iterations.value}), `{entry.name}: null`, or the budget `seconds` or `full_length: true`",
        )


def check_shapes(config: Config) -> None:
    """Way, shot and query that the data can give, as they are now."""
    for file in config.episode_files().values():
        file.problem.check(file.part, config.split)
