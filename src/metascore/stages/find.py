"""`metascore find`: given pictures of one class, which of the candidates are of that class?

Each candidate is a class of one picture, and the given pictures are the queries: a candidate is the likelier, the
likelier it is for all of them. Any learner that accepts as many ways as there are candidates can do it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from metascore.data import shown
from metascore.errors import UserError
from metascore.store import trained
from metascore.text import printable
from metascore.training import answers, machine


def run(checkpoint: Path, support: Path, among: Path) -> None:
    """Print the candidates, the likeliest first, with the geometric mean of their probabilities, scaled to sum to 1."""
    with machine.prepared() as device:
        known = trained.load(checkpoint, device)
        candidates = shown.files(among)
        if len(candidates) < 2:
            raise UserError(f"{among}: one picture: give two or more to choose from")
        pictures = shown.read_all([candidates, shown.files(support)], known.problem.look)
        given, asked = (torch.from_numpy(one.pixels).to(device).float() / 255 for one in pictures)
        learner = known.learner(len(candidates), 1)
        chances = answers.probabilities(learner, known.params, given[:, None], asked)
        likeness = chances.clamp(min=torch.finfo(chances.dtype).tiny).log().mean(0).softmax(0).cpu()
    order = likeness.argsort(descending=True, stable=True).tolist()
    sys.stdout.write("".join(f"{likeness[k]:.3f}  {printable(str(candidates[k]))}\n" for k in order))
