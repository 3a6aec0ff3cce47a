"""Command check: whether a learner keeps the contract of learners, tried on small episodes of noise."""

from __future__ import annotations

import logging
from functools import partial

from metascore.config.params import Config
from metascore.errors import UsageError, UserError
from metascore.learners import base
from metascore.training import checks, machine
from metascore.training.checks.subject import Subject, small

log = logging.getLogger(__name__)


def run(config: Config, learner: str) -> None:
    """Log each broken rule of the contract, on a task of each kind. Raises UserError if there is any."""
    tasks = {type(config.tasks[task]): task for task, name in config.pairs() if name == learner}
    if not tasks:
        known = ", ".join(dict.fromkeys(name for _, name in config.pairs()))
        raise UsageError(f"{learner}: not part of budget {config.budget}: one of {known}")
    with machine.prepared():
        found = sum(_faults(config, learner, task) for task in tasks.values())
    if found:
        file = config.entries[learner].signature.path
        raise UserError(f"{learner}: checks that fail: {found}: correct {file} and run the same command again")


def _faults(config: Config, learner: str, task: str) -> int:
    """How many checks fail on a task; each is a line of the log."""
    recipe = config.recipe(task, learner)
    build = partial(base.load, recipe.learner, hyper_parameters=recipe.hyper_parameters)
    found = checks.faults(Subject(build, small(config.tasks[task])))
    for line in found:
        log.error("%s on %s: %s", learner, task, line)
    if not found:
        log.info("%s on %s: all %d checks passed", learner, task, len(checks.CHECKS))
    return len(found)
