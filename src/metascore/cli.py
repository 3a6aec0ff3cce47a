"""The command line: one command a stage of the pipeline. Errors are one line; exit status 1 (data) or 2 (usage)."""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from metascore.commands import COMMANDS, parser
from metascore.config.loading import load
from metascore.config.params import Config, Run
from metascore.errors import UsageError, UserError
from metascore.orchestration import places
from metascore.orchestration.signals import Stopped, stoppable
from metascore.store import artifacts
from metascore.text import printable

GENERAL = ("command", "version", "debug", "params", "budget")  # arguments that are not those of a stage's `run`

log = logging.getLogger(__name__)

# Read when torch is imported: operations that Apple's GPUs lack run on the CPU, and torch warns once.
MPS_FALLBACK = "PYTORCH_ENABLE_MPS_FALLBACK"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    sys.stdout, sys.stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()  # None where one is closed
    os.environ.setdefault(MPS_FALLBACK, "1")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = parser().parse_args(arguments)
    try:
        with stoppable():
            _run(options)
            sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
    except (Exception, Stopped) as error:
        if options.debug:
            raise
        sys.stderr.write(f"metascore {options.command}: {printable(_one_line(error))}\n")
        return getattr(error, "exit_status", 1)
    return 0


def _run(options: argparse.Namespace) -> None:
    command = COMMANDS[options.command]
    # Imported here, so that no command waits for the libraries of another.
    stage = importlib.import_module(f"metascore.stages.{options.command.replace('-', '_')}")
    given = {name: value for name, value in vars(options).items() if name not in GENERAL}
    if not command.has_config:
        _escape_output()
        given["checkpoint"] = artifacts.checkpoint(str(given["checkpoint"]))
        if options.command == "predict":
            given["wishes"] = stage.Wishes(*(given.pop(name) for name in ("csv", "figure", "steps")))
        stage.run(**given)
        return
    config = load(options.params, options.budget, command.needs_lengths)
    for line in config.warnings() if command.shows_left_out else ():
        log.warning(line)
    places.enter()
    _run_stage(options.command, stage, config, given, Path(options.params))


def _run_stage(command: str, stage: Any, config: Config, given: dict[str, Any], params: Path) -> None:
    """Call a stage's `run`. Most take the command's arguments as they are."""
    match command:
        case "train" | "finetune":
            stage.run(config, _runs(config, **given))
        case "recipe":
            run = _runs(config, given["task"], given["learner"])[0]
            stage.run(config, run.task, run.learner, given["json"])
        case "aggregate":
            stage.run(config.without(tuple(one.partition("/")[::2]) for one in given["without"]))
        case "compare":
            stage.run(config, given["revision"], fail_on_worse=given["fail_on"] == "worse")
        case "new-learner":
            stage.run(config, params=params, **given)
        case _:
            stage.run(config, **given)


def _runs(config: Config, task: str, learner: str, seed: int | None = None) -> list[Run]:
    """The runs of a learner on a task: that of a seed, or all. Raises UsageError where the budget has none."""
    known = config.runs()
    for name, value in (("task", task), ("learner", learner), ("seed", seed)):
        choices = dict.fromkeys(getattr(run, name) for run in known)
        if value is not None and value not in choices:
            listed = ", ".join(map(str, choices))
            raise UsageError(f"--{name} {value}: not part of budget {config.budget}: one of {listed}")
    runs = [run for run in known if (run.task, run.learner) == (task, learner) and seed in (None, run.seed)]
    if not runs:
        raise UsageError(f"--learner {learner}: has no such run on task {task}: choose another task, learner or seed")
    return runs


def _escape_output() -> None:
    """Let a file's name be printed whose letters the terminal does not have, or whose bytes are no letters."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Nobody reads the output any more, as after `| head`: let Python flush the rest without an error at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(error: BaseException) -> str:
    """The message of an error. Anything but UserError and Stopped is a fault of this program, so it has the place."""
    if isinstance(error, UserError | Stopped):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return f"{what} ({place.filename}, line {place.lineno}): unexpected: --debug shows the traceback: please report it"
