"""`metascore predict`: classify pictures with a checkpoint, given a few pictures of each class."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from metascore.data import shown
from metascore.errors import UsageError
from metascore.files import write, write_rows
from metascore.report.answer_figure import Answers, draw
from metascore.report.style import rendered, settings
from metascore.store import trained
from metascore.text import cell, normalised, printable
from metascore.training import answers, machine

NAMED = 3  # classes in a line, the likeliest first


@dataclass(frozen=True)
class Wishes:
    """Files that are written besides the lines on the screen, and the number of steps of adaptation."""

    csv: Path | None = None
    figure: Path | None = None
    steps: int | None = None


def run(checkpoint: Path, support: Path, query: Path, wishes: Wishes) -> None:
    """Print each picture's likeliest classes; for pictures in folders named as classes, count the correct answers."""
    _check(wishes)
    with machine.prepared() as device:
        known = trained.load(checkpoint, device)
        classes, paths = shown.support(support), shown.files(query)
        *examples, queries = shown.read_all([*classes.files, paths], known.problem.look)
        pixels = np.stack([one.pixels for one in examples])
        learner = known.learner(len(classes.names), classes.shot)
        given, asked = (torch.from_numpy(one).to(device).float() / 255 for one in (pixels, queries.pixels))
        chances = answers.probabilities(learner, known.params, given, asked, wishes.steps).cpu().numpy()
    found = Answers(classes.names, pixels[:, 0], queries.pixels, [_short(path, query) for path in paths], chances)
    among = {digest for one in examples for digest in one.digests}
    both = [file for file, digest in zip(found.files, queries.digests, strict=True) if digest in among]
    sys.stdout.write("".join(f"{line}\n" for line in [*_lines(found, learner.batch_norm), *_known(both)]))
    _write(found, known.problem.look.invert, wishes)


def _check(wishes: Wishes) -> None:
    if wishes.steps is not None and wishes.steps < 0:
        raise UsageError(f"--steps {wishes.steps}: give 0 or more")
    if wishes.figure is not None and wishes.figure.suffix not in (".png", ".svg"):
        raise UsageError(f"--figure {wishes.figure}: call it .png or .svg")


def _lines(found: Answers, batch_norm: str) -> list[str]:
    width = max(map(len, found.files))
    lines = []
    for file, chances in zip(found.files, found.chances, strict=True):
        likely = np.argsort(-chances, kind="stable")[:NAMED]
        lines.append(f"{file:{width}}  {', '.join(f'{found.names[k]} {chances[k]:.3f}' for k in likely)}")
    right = found.right()
    if right:
        lines.append(f"{sum(right)} of {len(right)} in the folder of their class")
    if batch_norm == "transductive":
        lines.append("this learner is transductive: an answer depends on the other queries")
    return lines


def _known(files: list[str]) -> list[str]:
    """Say which queries the learner has seen with their class."""
    others = f", and {len(files) - 1} more" if len(files) > 1 else ""
    return [f"{files[0]}{others}: also among the support pictures, so the answer is no test"] if files else []


def _write(found: Answers, inverted: bool, wishes: Wishes) -> None:
    if wishes.csv is not None:
        columns = _columns(found.names)
        rows = [
            {"file": cell(file), "class": cell(found.names[int(chances.argmax())])}
            | {column: f"{chance:.6f}" for column, chance in zip(columns, chances, strict=True)}
            for file, chances in zip(found.files, found.chances, strict=True)
        ]
        write_rows(wishes.csv, ["file", "class", *columns], rows)
    if wishes.figure is not None:
        with settings():
            write(wishes.figure, rendered(draw(found, inverted), wishes.figure.suffix.removeprefix(".")))


def _columns(names: list[str]) -> list[str]:
    """Return a column for each class: its name, in brackets where another column has it."""
    columns: list[str] = []
    for name in names:
        column = cell(name)
        while column in ("file", "class", *columns):
            column = f"({column})"
        columns.append(column)
    return columns


def _short(path: Path, query: Path) -> str:
    """Return a picture's name below the folder of queries."""
    return printable(normalised(path.name if path == query else path.relative_to(query).as_posix()))
