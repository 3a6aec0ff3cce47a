"""The command line: one sub-command a stage of the pipeline. Errors are one line; exit status 1 (data) or 2 (usage)."""

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
from typing import Any, NoReturn

import metascore
from metascore.config.loading import load
from metascore.config.params import Config, Pair, Run
from metascore.errors import UsageError, UserError
from metascore.orchestration import places
from metascore.orchestration.signals import Stopped, stoppable

STAGES = {
    "data": "fetch Omniglot (or fall back to synthetic glyphs) into data/omniglot",
    "pictures": "read a folder of your own pictures into data/pictures/NAME",
    "split": "divide the classes into data/splits",
    "episodes": "draw one episode file into data/episodes",
    "train": "meta-train one learner on one task with one seed",
    "finetune": "adapt a trained learner on the frozen test episodes and score it",
    "predict": "say which class each picture is of: a checkpoint alone is enough",
    "find": "say which picture is of the class of some others: a checkpoint alone is enough",
    "aggregate": "turn scores into metrics, tables and figures",
    "croissant": "describe the episode files of a budget for machines: JSON-LD beside them",
    "compare": "say how MetaScores moved since another git revision",
    "list": "show tasks, budgets and learners, and which runs are done",
    "recipe": "show every number of a run, and the file and line that state it",
    "calibrate": "measure how many iterations fill the seconds that a budget gives each training, and write them down",
    "vouch": "show that new code does what old code did, so that finished runs count as done",
    "submit": "pack a learner's results into one file that others can verify",
    "verify": "say whether the results in such a file are what its learner does",
    "merge": "verify several such files, and write one board of them and of what was judged here",
    "check": "try a learner on small episodes: what it does wrong, and how to mend it",
    "new-learner": "begin a learner: a file that works, an entry and a page, with the places to fill",
}
ALONE = ("predict", "find")  # work anywhere: without params.yaml
# These work before anybody has measured how long trainings are.
BEFORE = ("data", "pictures", "split", "new-learner", "check", "calibrate")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one stage; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = _parser().parse_args(arguments)
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
        sys.stderr.write(f"metascore {options.stage}: {_one_line(error)}\n")
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
    stage = _stage(options)
    if options.stage == "find":
        stage.run(options.checkpoint, options.support, options.among)
    else:
        wishes = stage.Wishes(options.csv, options.figure, options.steps)
        stage.run(options.checkpoint, options.support, options.query, wishes)


def _stage(options: argparse.Namespace) -> Any:
    """Imported here, so that no stage waits for the libraries of another."""
    name = "train_once" if options.stage == "train" else options.stage.replace("-", "_")
    return importlib.import_module(f"metascore.stages.{name}")


def _run(options: argparse.Namespace, config: Config) -> None:
    stage = _stage(options)
    places.enter()
    if options.stage == "episodes":
        stage.run(config, options.file)
    elif options.stage in ("pictures", "split"):
        stage.run(config, options.name)
    elif options.stage in ("train", "finetune"):
        stage.run(config, _job(options, config))
    elif options.stage == "compare":
        stage.run(config, options.revision, fail_on_worse=options.fail_on == "worse")
    elif options.stage == "recipe":
        job = _job(options, config)
        stage.run(config, job.task, job.learner, options.json)
    elif options.stage == "calibrate":
        stage.run(config, options.learners, options.seconds)
    elif options.stage == "aggregate" and options.without:
        stage.run(config.without(_pair(one) for one in options.without))
    elif options.stage == "check":
        stage.run(config, options.learner)
    elif options.stage == "vouch":
        stage.run(config, options.tolerance)
    elif options.stage == "submit":
        stage.run(config, options.learner, options.licence, options.by, options.output)
    elif options.stage == "verify":
        stage.run(config, options.bundle, options.tolerance, options.whole)
    elif options.stage == "merge":
        stage.run(config, options.bundles, options.output, options.tolerance)
    elif options.stage == "new-learner":
        stage.run(config, options.name, Path(options.params), options.package)
    else:
        stage.run(config)


def _pair(text: str) -> Pair:
    task, _, learner = text.partition("/")
    return task, learner


def _job(options: argparse.Namespace, config: Config) -> Run:
    job = Run(options.task, options.learner, getattr(options, "seed", config.seeds[0]))
    known = config.runs()
    for name, value in vars(job).items():
        allowed = dict.fromkeys(getattr(run, name) for run in known)
        if value not in allowed:
            choices = ", ".join(map(str, allowed))
            raise UsageError(f"--{name} {value}: not part of budget {config.budget}: one of {choices}")
    if job not in known:
        raise UsageError(f"--learner {job.learner}: cannot do task {job.task}: choose another task or learner")
    return job


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(UsageError.exit_status, f"{self.prog}: {message}: see --help\n")


class _Version(argparse.Action):
    """Asks for the version only when it is wanted: the answer takes longer than a command line."""

    def __call__(self, parser: argparse.ArgumentParser, *others: object) -> NoReturn:
        sys.stdout.write(f"{parser.prog} {metascore.__version__}\n")
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("metascore", description="A reproducible benchmark of meta-learning.")
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    stages = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, summary in STAGES.items():
        stage = stages.add_parser(name, help=summary, description=summary)
        stage.add_argument("--debug", action="store_true", help="show the traceback of an error")
        if name in ALONE:
            _add_pictures(stage, name)
            continue
        stage.add_argument("--params", default="params.yaml", help="configuration file (default: params.yaml)")
        stage.add_argument("--budget", help="a file in params/ (default: what params.yaml says)")
        if name == "pictures":
            stage.add_argument("--name", required=True, help="a data set in params.yaml")
        if name == "split":
            stage.add_argument("--name", help="such as lake, or flowers/class (default: all that the budget needs)")
        if name == "episodes":
            stage.add_argument("--file", required=True, help="such as omniglot/test-5w1s5q-400.npy")
        if name in ("train", "finetune", "recipe"):
            stage.add_argument("--task", required=True)
            stage.add_argument("--learner", required=True)
        if name in ("train", "finetune"):
            stage.add_argument("--seed", required=True, type=int)
        if name == "recipe":
            stage.add_argument("--json", action="store_true", help="for programs")
        if name == "aggregate":
            text = "leave these runs out: the report of the others goes to results/BUDGET/partial"
            stage.add_argument("--without", nargs="+", metavar="TASK/LEARNER", help=text)
        if name == "compare":
            stage.add_argument("revision", nargs="?", default="HEAD", help="a git revision (default: HEAD)")
            stage.add_argument("--fail-on", choices=["worse"], help="exit status 1 where a learner is worse")
        if name == "calibrate":
            stage.add_argument("learners", metavar="LEARNER", nargs="*", help="entries (default: all that learn)")
            stage.add_argument("--seconds", type=float, help="of a training (default: what the budget's file says)")
        if name == "submit":
            stage.add_argument("learner", metavar="LEARNER", help="an entry of params.yaml")
            stage.add_argument("--licence", required=True, help="of the results, such as CC-BY-4.0")
            stage.add_argument("--by", required=True, help="who made them")
        if name == "verify":
            stage.add_argument("bundle", metavar="BUNDLE", type=Path, help="what `metascore submit` made")
            stage.add_argument("--whole", action="store_true", help="train one of its runs to the end again")
        if name == "merge":
            stage.add_argument("bundles", metavar="BUNDLE", type=Path, nargs="+", help="what `metascore submit` made")
        if name in ("submit", "merge"):
            stage.add_argument("--output", type=Path, help="where to write")
        if name in ("vouch", "verify", "merge"):
            stage.add_argument("--tolerance", type=float, help="on a machine of another kind: relative, such as 0.001")
        if name == "check":
            stage.add_argument("learner", metavar="LEARNER", help="an entry of params.yaml")
        if name == "new-learner":
            stage.add_argument("name", metavar="NAME", help="small letters, digits and _")
            stage.add_argument("--package", type=Path, metavar="FOLDER", help="make a package of its own there")
    return parser


def _add_pictures(stage: argparse.ArgumentParser, name: str) -> None:
    """What `predict` and `find` are asked about."""
    stage.add_argument("checkpoint", type=Path, metavar="CHECKPOINT", help="the checkpoint.safetensors of a run")
    if name == "find":
        stage.add_argument(
            "support", type=Path, metavar="SUPPORT", help="pictures of one class: a folder, or a picture"
        )
        stage.add_argument("among", type=Path, metavar="AMONG", help="the pictures to choose from: a folder")
        return
    stage.add_argument(
        "support", type=Path, metavar="SUPPORT", help="a folder with a folder of pictures for each class"
    )
    stage.add_argument("query", type=Path, metavar="QUERY", help="pictures to be told apart: a folder, or a picture")
    stage.add_argument("--csv", type=Path, metavar="FILE", help="write the probabilities of all classes")
    stage.add_argument("--figure", type=Path, metavar="FILE", help="draw the answers (.png or .svg)")
    stage.add_argument("--steps", type=int, metavar="N", help="steps of adaptation (default: the learner's own)")
