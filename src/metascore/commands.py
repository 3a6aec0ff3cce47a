"""The commands of the command line: what each does, its arguments, and what it needs of the configuration."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import metascore
from metascore.errors import UsageError

Argument = tuple[str, dict[str, Any]]  # a name and the options of argparse's add_argument


class Command(NamedTuple):
    """A command of the command line: the module of its name in stages/ has a function `run`."""

    help: str
    arguments: tuple[Argument, ...] = ()
    has_config: bool = True  # whether it reads params.yaml
    needs_lengths: bool = True  # whether runs whose training has no iterations are left out
    shows_left_out: bool = False  # whether it prints a line for each learner that is left out so


def _argument(name: str, **options: Any) -> Argument:
    return name, options


def _path(name: str, description: str) -> Argument:
    return name, {"type": Path, "metavar": name.upper(), "help": description}


DEBUG = _argument("--debug", action="store_true", help="show the traceback of an error")
CONFIGURATION = (
    _argument("--params", default="params.yaml", help="configuration file (default: params.yaml)"),
    _argument("--budget", help="a file in params/ (default: the `budget` of params.yaml)"),
)
PAIR = (_argument("--task", required=True), _argument("--learner", required=True))
RUNS = (*PAIR, _argument("--seed", type=int, help="one of the budget's seeds (default: all of them)"))
CHECKPOINT = _path(
    "checkpoint", "the checkpoint.safetensors of a run, or the name of a published one, such as protonet"
)

COMMANDS = {
    "data": Command("download Omniglot, or draw synthetic glyphs, into data/omniglot", needs_lengths=False),
    "pictures": Command(
        "read a folder of your own pictures into data/pictures/NAME",
        (_argument("--name", required=True, help="a data set in params.yaml"),),
        needs_lengths=False,
    ),
    "split": Command(
        "divide the classes into those for training, validation and test, into data/splits",
        (_argument("--name", help="such as lake, or flowers/class (default: all that the budget needs)"),),
        needs_lengths=False,
    ),
    "episodes": Command(
        "draw the episodes of one file into data/episodes",
        (_argument("--file", required=True, help="such as omniglot/test-5w1s5q-400.npy"),),
    ),
    "train": Command("meta-train one learner on one task, seed by seed", RUNS),
    "finetune": Command("evaluate a trained learner on the test episodes, seed by seed", RUNS),
    "predict": Command(
        "classify pictures with a checkpoint",
        (
            CHECKPOINT,
            _path("support", "a folder with a folder of pictures for each class"),
            _path("query", "pictures to classify: a folder, or a picture"),
            _argument("--csv", type=Path, metavar="FILE", help="write the probabilities of all classes"),
            _argument("--figure", type=Path, metavar="FILE", help="draw the answers (.png or .svg)"),
            _argument("--steps", type=int, metavar="N", help="steps of adaptation (default: the learner's own)"),
        ),
        has_config=False,
    ),
    "find": Command(
        "find the pictures of one class among others with a checkpoint",
        (
            CHECKPOINT,
            _path("support", "pictures of one class: a folder, or a picture"),
            _path("among", "the pictures to choose from: a folder"),
        ),
        has_config=False,
    ),
    "aggregate": Command(
        "make metrics, tables, figures and the report from scores",
        (
            _argument(
                "--without",
                nargs="+",
                default=(),
                metavar="TASK/LEARNER",
                help="leave these runs out: the report of the others is written to results/BUDGET/partial",
            ),
        ),
    ),
    "croissant": Command("describe the episode files of a budget in JSON-LD (Croissant), beside them"),
    "compare": Command(
        "show how MetaScores changed since another git revision",
        (
            _argument("revision", nargs="?", default="HEAD", help="a git revision (default: HEAD)"),
            _argument("--fail-on", choices=["worse"], help="exit status 1 where a learner is worse"),
        ),
    ),
    "list": Command("show tasks, budgets and learners, and which runs are done", shows_left_out=True),
    "recipe": Command(
        "show every number of a run, and the file and key that state it",
        (*PAIR, _argument("--json", action="store_true", help="for programs")),
        shows_left_out=True,
    ),
    "calibrate": Command(
        "measure how many iterations fill a budget's seconds, and write them into its file",
        (
            _argument("learners", metavar="LEARNER", nargs="*", help="entries (default: all that learn)"),
            _argument("--seconds", type=float, help="seconds of a training (default: those in the budget's file)"),
        ),
        needs_lengths=False,
    ),
    "pack": Command(
        "write the runs of a published budget as a few files for git",
        (_argument("--check", action="store_true", help="only report damaged or outdated files"),),
    ),
    "check": Command(
        "check that a learner keeps the contract of learners, on small episodes",
        (_argument("learner", metavar="LEARNER", help="an entry of params.yaml"),),
        needs_lengths=False,
    ),
    "new-learner": Command(
        "write the file, entry and page of a new learner, with places to fill in",
        (
            _argument("name", metavar="NAME", help="small letters, digits and _"),
            _argument("--package", type=Path, metavar="FOLDER", help="write a package into this folder instead"),
        ),
        needs_lengths=False,
    ),
}


class _Parser(argparse.ArgumentParser):
    """Prints an error of a command line as one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(UsageError.exit_status, f"{self.prog}: {message}: see --help\n")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for, since that takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *others: object) -> NoReturn:
        sys.stdout.write(f"{parser.prog} {metascore.__version__}\n")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    whole = _Parser("metascore", description="A reproducible benchmark of meta-learning.")
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.help, description=command.help)
        for argument, options in (DEBUG, *(CONFIGURATION if command.has_config else ()), *command.arguments):
            one.add_argument(argument, **options)
    return whole
