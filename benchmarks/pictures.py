"""Reading pictures: JPEG files a second, against Pillow opening, turning into colours and resizing on two threads."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.timing import row
from metascore.config.loading import load
from metascore.config.params import Config
from metascore.data import folder, reading
from metascore.data.pictures import ENOUGH, Look
from metascore.stages import pictures

FILES, CLASSES = 10_000, 20
SIZE = (500, 375)  # pixels: what ImageNet's pictures have
LOOK = Look(84, 3)
THREADS = 2  # Pillow lets go of Python's lock while it decodes and resizes


def table() -> list[str]:
    """Pictures a second, each contender once, in this order; then a second look at unchanged files."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "set"
        _write(root)
        files = folder.listed(root).files
        plain, drafted = (_seconds(lambda draft=draft: _by_pillow(files, draft)) for draft in (False, True))
        ours = _seconds(lambda: reading.write_pictures(Path(place) / "images.npy", folder.listed(root), LOOK))
        again = _second_run(root, Path(place))
    seconds = {"ours": ours, "Pillow, two threads": plain, "the same, decoding small": drafted}
    head = [f"{name}, pictures a second" for name in seconds]
    cells = [f"{FILES / one:,.0f}" for one in seconds.values()]
    ratios = [f"{plain / ours:.2f}", f"{drafted / ours:.2f}", f"{again:.2f}"]
    return [*row([*head, "ours / Pillow", "ours / small", "second run, seconds"], rule=True), *row([*cells, *ratios])]


def _by_pillow(files: list[Path], draft: bool) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        for _ in threads.map(partial(_plain, draft=draft), files):
            pass


def _plain(path: Path, draft: bool) -> np.ndarray:
    """As most programs do; those that know `draft` have JPEG files decoded at an eighth, a quarter or a half."""
    with Image.open(path) as image:
        if draft:
            image.draft("RGB", (ENOUGH * LOOK.size, ENOUGH * LOOK.size))
        return np.asarray(image.convert("RGB").resize((LOOK.size, LOOK.size), Image.Resampling.LANCZOS))


def _second_run(root: Path, place: Path) -> float:
    """Of the whole stage, which finds that no file has changed."""
    config = _with_folder(load(), root)
    pictures.run(config, "pictures", place)
    return _seconds(lambda: pictures.run(config, "pictures", place))


def _with_folder(config: Config, root: Path) -> Config:
    """A configuration that has this data set."""
    config.params["data"]["pictures"] = {"kind": "folder", "path": str(root), "size": LOOK.size, "channels": 3}
    return config


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _write(root: Path) -> None:
    """Smooth noise, which compresses about as photographs do."""
    random = np.random.default_rng(0)
    for number in range(FILES):
        path = root / f"class{number % CLASSES:02d}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(random.integers(0, 256, (38, 50, 3), dtype=np.uint8))
        small.resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=90)
