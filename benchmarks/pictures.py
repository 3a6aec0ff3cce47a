"""Reading pictures: JPEG files a second, against Pillow opening, turning grey or coloured, and resizing one by one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.timing import row
from metascore.data import folder, reading
from metascore.data.pictures import Look

FILES, CLASSES = 2000, 20
SIZE = (500, 375)  # pixels: what ImageNet's pictures have
LOOK = Look(84, 3)


def table() -> list[str]:
    """Pictures a second, each contender once, in this order; then a second look at unchanged files."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "set"
        _write(root)
        files = folder.listed(root).files
        plain = _seconds(lambda: [_plain(path) for path in files])
        ours = _seconds(lambda: reading.write_pictures(Path(place) / "images.npy", folder.listed(root), LOOK))
        again = _seconds(lambda: folder.fingerprint(folder.listed(root).files, root))
    head = ["ours, pictures a second", "Pillow, pictures a second", "ours / Pillow", "unchanged files, seconds"]
    cells = [f"{FILES / ours:,.0f}", f"{FILES / plain:,.0f}", f"{plain / ours:.1f}", f"{again:.2f}"]
    return [*row(head, rule=True), *row(cells)]


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def _plain(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((LOOK.size, LOOK.size), Image.Resampling.LANCZOS))


def _write(root: Path) -> None:
    """Smooth noise, which compresses about as photographs do."""
    random = np.random.default_rng(0)
    for number in range(FILES):
        path = root / f"class{number % CLASSES:02d}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(random.integers(0, 256, (38, 50, 3), dtype=np.uint8))
        small.resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=90)
