"""What the command line has: each stage, what it does, and the arguments that it takes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import metascore
from metascore.errors import UsageError

STAGES = {
    "data": "fetch Omniglot (or fall back to synthetic glyphs) into data/omniglot",
    "pictures": "read a folder of your own pictures into data/pictures/NAME",
    "split": "divide the classes into data/splits",
    "episodes": "draw one episode file into data/episodes",
    "train": "meta-train one learner on one task, seed by seed",
    "finetune": "adapt a trained learner on the frozen test episodes and score it",
    "predict": "say which class each picture is of: a checkpoint alone is enough",
    "find": "say which picture is of the class of some others: a checkpoint alone is enough",
    "aggregate": "turn scores into metrics, tables and figures",
    "croissant": "describe the episode files of a budget for machines: JSON-LD beside them",
    "compare": "say how MetaScores moved since another git revision",
    "list": "show tasks, budgets and learners, and which runs are done",
    "recipe": "show every number of a run, and the file and line that state it",
    "calibrate": "measure how many iterations fill the seconds that a budget gives each training, and write them down",
    "pack": "write the runs of a published budget as a few files for git",
    "check": "try a learner on small episodes: what it does wrong, and how to mend it",
    "new-learner": "begin a learner: a file that works, an entry and a page, with the places to fill",
}
ALONE = ("predict", "find")  # work anywhere: without params.yaml
# These work before anybody has measured how long trainings are.
BEFORE = ("data", "pictures", "split", "new-learner", "check", "calibrate")


class Argument(NamedTuple):
    """One of a stage's, as argparse takes it: its name, and what it may be."""

    name: str
    options: dict[str, Any]


def _argument(name: str, **options: Any) -> Argument:
    return Argument(name, options)


def _pictures(name: str, help: str) -> Argument:  # noqa: A002  argparse's word
    return Argument(name, {"type": Path, "metavar": name.upper(), "help": help})


DEBUG = _argument("--debug", action="store_true", help="show the traceback of an error")
CONFIGURATION = (
    _argument("--params", default="params.yaml", help="configuration file (default: params.yaml)"),
    _argument("--budget", help="a file in params/ (default: what params.yaml says)"),
)
PAIR = (_argument("--task", required=True), _argument("--learner", required=True))
RUN = (*PAIR, _argument("--seed", type=int, help="one of the budget's seeds (default: all of them)"))
CHECKPOINT = _pictures("checkpoint", "the checkpoint.safetensors of a run, or a name of a published one: protonet")
ENTRY = _argument("learner", metavar="LEARNER", help="an entry of params.yaml")

ARGUMENTS: dict[str, tuple[Argument, ...]] = {
    "pictures": (_argument("--name", required=True, help="a data set in params.yaml"),),
    "split": (_argument("--name", help="such as lake, or flowers/class (default: all that the budget needs)"),),
    "episodes": (_argument("--file", required=True, help="such as omniglot/test-5w1s5q-400.npy"),),
    "train": RUN,
    "finetune": RUN,
    "predict": (
        CHECKPOINT,
        _pictures("support", "a folder with a folder of pictures for each class"),
        _pictures("query", "pictures to be told apart: a folder, or a picture"),
        _argument("--csv", type=Path, metavar="FILE", help="write the probabilities of all classes"),
        _argument("--figure", type=Path, metavar="FILE", help="draw the answers (.png or .svg)"),
        _argument("--steps", type=int, metavar="N", help="steps of adaptation (default: the learner's own)"),
    ),
    "find": (
        CHECKPOINT,
        _pictures("support", "pictures of one class: a folder, or a picture"),
        _pictures("among", "the pictures to choose from: a folder"),
    ),
    "aggregate": (
        _argument(
            "--without",
            nargs="+",
            metavar="TASK/LEARNER",
            help="leave these runs out: the report of the others goes to results/BUDGET/partial",
        ),
    ),
    "compare": (
        _argument("revision", nargs="?", default="HEAD", help="a git revision (default: HEAD)"),
        _argument("--fail-on", choices=["worse"], help="exit status 1 where a learner is worse"),
    ),
    "recipe": (*PAIR, _argument("--json", action="store_true", help="for programs")),
    "calibrate": (
        _argument("learners", metavar="LEARNER", nargs="*", help="entries (default: all that learn)"),
        _argument("--seconds", type=float, help="of a training (default: what the budget's file says)"),
    ),
    "pack": (_argument("--check", action="store_true", help="only say whether the files are damaged or outdated"),),
    "check": (ENTRY,),
    "new-learner": (
        _argument("name", metavar="NAME", help="small letters, digits and _"),
        _argument("--package", type=Path, metavar="FOLDER", help="make a package of its own there"),
    ),
}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(UsageError.exit_status, f"{self.prog}: {message}: see --help\n")


class _Version(argparse.Action):
    """Asks for the version only when it is wanted: the answer takes longer than a command line."""

    def __call__(self, parser: argparse.ArgumentParser, *others: object) -> NoReturn:
        sys.stdout.write(f"{parser.prog} {metascore.__version__}\n")
        parser.exit()


def parser() -> argparse.ArgumentParser:
    """What reads a command line."""
    whole = _Parser("metascore", description="A reproducible benchmark of meta-learning.")
    whole.add_argument("--version", action=_Version, nargs=0, help="show the version and end")
    stages = whole.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, summary in STAGES.items():
        stage = stages.add_parser(name, help=summary, description=summary)
        shared = () if name in ALONE else CONFIGURATION
        for argument in (DEBUG, *shared, *ARGUMENTS.get(name, ())):
            stage.add_argument(argument.name, **argument.options)
    return whole
