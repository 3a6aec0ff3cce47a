"""The command line: one sub-command a stage of the pipeline. Errors are one line; exit status 1 (data) or 2 (usage)."""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from metascore.commands import ALONE, BEFORE, parser
from metascore.config.loading import load
from metascore.config.params import Config, Pair, Run
from metascore.errors import UsageError, UserError
from metascore.orchestration import places
from metascore.orchestration.signals import Stopped, stoppable
from metascore.store import artifacts
from metascore.text import printable


def main(arguments: Sequence[str] | None = None, load: Callable[..., Config] = load) -> int:
    """Run one stage; returns the exit status. `load` gives the configuration, as `loading.load` does."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = parser().parse_args(arguments)
    try:
        with stoppable():
            if options.stage in ALONE:
                _ask(options)
            else:
                _run(options, load(options.params, options.budget, lengths=options.stage not in BEFORE))
            sys.stdout.flush()
    except BrokenPipeError:
        _let_nobody_read()
    except (Exception, Stopped) as error:
        if options.debug:
            raise
        sys.stderr.write(f"metascore {options.stage}: {printable(_one_line(error))}\n")
        return getattr(error, "exit_status", 1)
    return 0


def _let_any_name_be_printed() -> None:
    """A terminal may not have the letters of a file's name, and a name may have bytes that are no letters."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _let_nobody_read() -> None:
    """Whoever reads has had enough, as `head` has: no fault, and Python is not to try again when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _one_line(error: BaseException) -> str:
    """What went wrong. Anything but UserError and Stopped is a fault of this program: it says where."""
    if isinstance(error, UserError | Stopped):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return f"{what} ({place.filename}, line {place.lineno}): unexpected: --debug shows the traceback: please report it"


def _ask(options: argparse.Namespace) -> None:
    """Ask a checkpoint about pictures."""
    _let_any_name_be_printed()
    stage, checkpoint = _stage(options), artifacts.checkpoint(str(options.checkpoint))
    if options.stage == "find":
        stage.run(checkpoint, options.support, options.among)
    else:
        wishes = stage.Wishes(options.csv, options.figure, options.steps)
        stage.run(checkpoint, options.support, options.query, wishes)


def _stage(options: argparse.Namespace) -> Any:
    """Imported here, so that no stage waits for the libraries of another."""
    return importlib.import_module(f"metascore.stages.{options.stage.replace('-', '_')}")


def _run(options: argparse.Namespace, config: Config) -> None:
    stage = _stage(options)
    places.enter()
    if options.stage == "episodes":
        stage.run(config, options.file)
    elif options.stage in ("pictures", "split"):
        stage.run(config, options.name)
    elif options.stage in ("train", "finetune"):
        stage.run(config, _jobs(options, config))
    elif options.stage == "compare":
        stage.run(config, options.revision, fail_on_worse=options.fail_on == "worse")
    elif options.stage == "recipe":
        job = _job(options, config)
        stage.run(config, job.task, job.learner, options.json)
    elif options.stage == "calibrate":
        stage.run(config, options.learners, options.seconds)
    elif options.stage == "aggregate":
        stage.run(config.without(map(_pair, options.without or ())))
    elif options.stage == "pack":
        stage.run(config, options.check)
    elif options.stage == "check":
        stage.run(config, options.learner)
    elif options.stage == "new-learner":
        stage.run(config, options.name, Path(options.params), options.package)
    else:
        stage.run(config)


def _pair(text: str) -> Pair:
    task, _, learner = text.partition("/")
    return task, learner


def _jobs(options: argparse.Namespace, config: Config) -> list[Run]:
    """The runs of a task and a learner: the seed that is named, or all."""
    if options.seed is not None:
        return [_job(options, config, options.seed)]
    first = _job(options, config, config.seeds[0])
    return [replace(first, seed=seed) for seed in config.seeds_of(first.task)]


def _job(options: argparse.Namespace, config: Config, seed: int | None = None) -> Run:
    job = Run(options.task, options.learner, config.seeds[0] if seed is None else seed)
    known = config.runs()
    for name, value in vars(job).items():
        allowed = dict.fromkeys(getattr(run, name) for run in known)
        if value not in allowed:
            choices = ", ".join(map(str, allowed))
            raise UsageError(f"--{name} {value}: not part of budget {config.budget}: one of {choices}")
    if job not in known:
        raise UsageError(f"--learner {job.learner}: cannot do task {job.task}: choose another task or learner")
    return job
