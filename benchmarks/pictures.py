"""Reading pictures: JPEG files a second, against Pillow opening, turning into colours and resizing on two threads."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

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


class Seconds(NamedTuple):
    """How long something took."""

    clock: float
    processor: float  # of all threads


def table() -> list[str]:
    """Pictures a second of the clock, each contender once, in this order; ratios of the clock's and the processor's.

    Where other work runs beside this, only the latter can be compared.
    """
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "set"
        _write(root)
        files = folder.listed(root).files
        plain, drafted = (_seconds(partial(_by_pillow, files, draft)) for draft in (False, True))
        ours = _seconds(lambda: reading.write_pictures(Path(place) / "images.npy", folder.listed(root), LOOK))
        again = _second_run(root, Path(place))
    lines = row(["two threads", "pictures a second", "ours / this", "the same, seconds of the processor"], rule=True)
    for name, one in {"ours": ours, "Pillow": plain, "Pillow, decoding small": drafted}.items():
        ratios = [f"{theirs / own:.2f}" for theirs, own in zip(one, ours, strict=True)]
        lines += row([name, f"{FILES / one.clock:,.0f}", *ratios])
    return [*lines, *row(["a second run, all of it", f"{again.clock:.2f} s", "", f"{again.processor:.2f} s"])]


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


def _second_run(root: Path, place: Path) -> Seconds:
    """Of the whole stage, which finds that no file has changed."""
    config = _with_folder(load(), root)
    pictures.run(config, "pictures", place)
    return _seconds(lambda: pictures.run(config, "pictures", place))


def _with_folder(config: Config, root: Path) -> Config:
    """A configuration that has this data set."""
    config.params["data"]["pictures"] = {"kind": "folder", "path": str(root), "size": LOOK.size, "channels": 3}
    return config


def _seconds(run: Callable[[], object]) -> Seconds:
    began = time.perf_counter(), time.process_time()
    run()
    return Seconds(time.perf_counter() - began[0], time.process_time() - began[1])


def _write(root: Path) -> None:
    """Smooth noise, which compresses about as photographs do."""
    random = np.random.default_rng(0)
    for number in range(FILES):
        path = root / f"class{number % CLASSES:02d}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(random.integers(0, 256, (38, 50, 3), dtype=np.uint8))
        small.resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=90)
