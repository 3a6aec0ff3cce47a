"""`metascore predict`: which class is it? A checkpoint, a few pictures of each class, and pictures to be told apart."""

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
from metascore.training import answers, machine

NAMED = 3  # classes in a line, the likeliest first


@dataclass(frozen=True)
class Wishes:
    """What is written beside the lines on the screen."""

    csv: Path | None = None
    figure: Path | None = None
    steps: int | None = None


def run(checkpoint: Path, support: Path, query: Path, wishes: Wishes) -> None:
    """Print each picture's class and probabilities; where a picture lies in a class's folder, count the right ones."""
    _check(wishes)
    with machine.prepared() as device:
        known = trained.load(checkpoint, device)
        names, examples = shown.classes(support, known.problem.look)
        paths = shown.files(query)
        queries = shown.pixels(paths, known.problem.look)
        learner = known.learner(*examples.shape[:2])
        given, asked = (torch.from_numpy(one).to(device).float() / 255 for one in (examples, queries))
        chances = answers.probabilities(learner, known.params, given, asked, wishes.steps).cpu().numpy()
    found = Answers(names, examples[:, 0], queries, [_short(path, query) for path in paths], chances)
    sys.stdout.write("".join(f"{line}\n" for line in _lines(found, learner.batch_norm)))
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
        lines.append("this learner is transductive: an answer depends on the other pictures that are asked about")
    return lines


def _write(found: Answers, inverted: bool, wishes: Wishes) -> None:
    if wishes.csv is not None:
        columns = ["file", "class", *found.names]
        rows = [
            {"file": file, "class": found.names[int(chances.argmax())]}
            | {name: f"{chance:.6f}" for name, chance in zip(found.names, chances, strict=True)}
            for file, chances in zip(found.files, found.chances, strict=True)
        ]
        write_rows(wishes.csv, columns, rows)
    if wishes.figure is not None:
        with settings():
            write(wishes.figure, rendered(draw(found, inverted), wishes.figure.suffix.removeprefix(".")))


def _short(path: Path, query: Path) -> str:
    """A picture's name below the folder that was asked about."""
    name = path.name if path == query else path.relative_to(query).as_posix()
    return name.encode(errors="backslashreplace").decode()  # bytes that are no letters
