"""Episode loading: images a second, against a loader that opens PNG files as torchvision's Omniglot does."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.settings import CHARACTERS, Setting
from benchmarks.timing import alternated, row
from metascore.problems.examples import Episode, Examples

DRAWERS = 20
SIDE = 105  # of Omniglot's images
SETTING = Setting(5, 1, 15, 1, True, tasks=16)


def table() -> list[str]:
    """Images a second, in float32, turned and scaled to 28 x 28."""
    episodes = SETTING.episodes()
    index = np.arange(SETTING.tasks)
    images = SETTING.tasks * SETTING.way * (SETTING.shot + SETTING.query)
    with tempfile.TemporaryDirectory() as folder:
        files = PngFiles(Path(folder))
        seconds = alternated(
            {
                "ours": lambda: episodes.batch(index),
                "png": lambda: [files.episode(row, SETTING.shot) for row in episodes.rows[index]],
            }
        )
    rates = {name: images / taken for name, taken in seconds.items()}
    ratio = rates["ours"] / rates["png"]
    head = ["ours, images a second", "PNG files, images a second", "ours / PNG files"]
    return [*row(head, rule=True), *row([f"{rates['ours']:,.0f}", f"{rates['png']:,.0f}", f"{ratio:.0f}"])]


class PngFiles:
    """Images of Omniglot's format and size, one file each: strokes of noise, black on white."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        random = np.random.default_rng(0)
        for character in range(CHARACTERS):
            for drawer in range(DRAWERS):
                ink = random.random((15, 15)).repeat(7, 0).repeat(7, 1) < 0.15
                Image.fromarray(~ink).save(self._path(character, drawer))

    def episode(self, row: np.void, shot: int) -> Episode:
        """One episode, its images opened, scaled and turned one by one."""
        images = torch.stack(
            [
                torch.stack([self._image(character, drawer, turns) for drawer in drawers])
                for character, turns, drawers in zip(row["character"], row["rotation"], row["drawer"], strict=True)
            ]
        )
        way = len(images)
        parts = [images[:, :shot], images[:, shot:]]
        labels = torch.arange(way)
        return Episode(
            *(
                Examples(part.transpose(0, 1).reshape(-1, 28, 28, 1), labels.repeat(part.shape[1]), labels)
                for part in parts
            )
        )

    def _image(self, character: int, drawer: int, turns: int) -> torch.Tensor:
        with Image.open(self._path(character, drawer)) as image:
            small = image.convert("L").resize((28, 28), Image.Resampling.LANCZOS).rotate(90 * int(turns))
        return 1 - torch.from_numpy(np.array(small)).float() / 255

    def _path(self, character: int, drawer: int) -> Path:
        return self.folder / f"{character:04}_{drawer:02}.png"
