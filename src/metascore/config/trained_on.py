"""What the schema cannot know of a budget's `trained_on`: a training fits all that it serves.

Each function raises UsageError.
"""

from __future__ import annotations

from typing import Any

from metascore.config.documents import listed
from metascore.config.entries import EVERYONE
from metascore.config.overlay import TRAINING
from metascore.config.params import Config
from metascore.config.serving import Pair


def check_names(config: Config) -> None:
    """A training serves tasks of the same data that the budget has."""
    budget, learners = config.of_budget, [EVERYONE[-1], *config.learners]
    for task, rows in budget.values.get("trained_on", {}).items():
        for learner, other in rows.items():
            key = ("trained_on", task, learner)
            for name in (task, other or task):
                if name not in budget.values["tasks"]:
                    raise budget.wrong(key, f"{name!r} is not a task of this budget: delete it")
            if learner not in learners:
                raise budget.wrong(key, f"not defined in {config.file.file}: one of {listed(learners)}")
            if other == task:
                raise budget.wrong(key, "is the task itself: name another one, or delete it")
            if other is not None and _drawn(config, other) != _drawn(config, task):
                raise budget.wrong(key, f"{other} is drawn from other data, or another split of them: delete it")


def check_trainings(config: Config) -> None:
    """Who has no training has another one that fits, for each seed."""
    trained = config.trained_pairs()
    for (task, learner), other in config.shares_training.items():
        if other not in trained or not {*config.seeds_of(task)} <= {*config.seeds_of(other[0])}:
            raise config.of_budget.wrong(
                ("trained_on", task),
                f"{learner} has no training on {other[0]} for each of its seeds: give it one, or say `{learner}: null`",
            )
        _check_alike(config, task, learner, other)


def _check_alike(config: Config, task: str, learner: str, other: Pair) -> None:
    """An entry that is paired with another one differs from it in numbers that itself states, and trains alike."""
    one, served = config.recipe(*other), config.recipe(task, learner)
    own = config.file.at(("learners", learner)).keys() if learner != other[1] else ()
    numbers = {name for name, value in served.hyper_parameters.items() if one.hyper_parameters[name] != value} - {*own}
    differing = sorted(numbers) or ([TRAINING] if one.training != served.training else [])
    if differing:
        raise config.of_budget.wrong(
            ("learners", learner, differing[0]),
            f"on {task} it differs from that of {other[1]}, which trains for both: state the same",
        )


def _drawn(config: Config, task: str) -> tuple[Any, ...]:
    """What decides which classes a task trains on, and which it is judged by."""
    problem = config.tasks[task]
    return type(problem), problem.inputs, problem.drawn_from(config.split["name"])
