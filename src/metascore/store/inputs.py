"""What meta-training and fine-tuning read: images and frozen episodes, checked before use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from metascore.data.episodes import CHARACTERS, DRAWERS, Shape, check_rows
from metascore.errors import UserError
from metascore.files import read_array
from metascore.problems.base import Episodes, OmniglotEpisodes, Problem, SineEpisodes
from metascore.store.paths import EPISODES, IMAGES


def read_episodes(shape: Shape, images: torch.Tensor) -> Episodes:
    """The frozen episodes of one file, on the device of `images`."""
    rows = read_array(EPISODES / shape.file, "delete it and run the same command again to draw it anew", mapped=True)
    check_rows(rows, shape, CHARACTERS)
    if shape.problem == "sine":
        return SineEpisodes(rows, shape.shot, images.device)
    return OmniglotEpisodes(rows, shape.shot, images)


def read_images(shape: Shape, on: torch.device) -> torch.Tensor:
    """All images (1623, 20, 28, 28); an empty tensor for problems without images."""
    if shape.problem == "sine":
        return torch.empty(0, dtype=torch.uint8, device=on)
    images = read_array(IMAGES, "delete data/omniglot and run `metascore data` again", mapped=True)
    if images.shape != (CHARACTERS, DRAWERS, 28, 28) or images.dtype != np.uint8:
        raise UserError(f"{IMAGES}: not Omniglot's images: delete data/omniglot and run `metascore data` again")
    return torch.from_numpy(np.array(images)).to(on)


def problem(shape: Shape) -> Problem:
    """What a learner's constructor is told about episodes of this shape."""
    return Problem.of(shape, CHARACTERS)


def input_files(shapes: list[Shape]) -> list[Path]:
    """The files behind these shapes."""
    images = [IMAGES] if any(shape.problem != "sine" for shape in shapes) else []
    return images + [EPISODES / shape.file for shape in shapes]
