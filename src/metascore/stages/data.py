"""Stage data: Omniglot from the first source that has it, or synthetic glyphs, as arrays on disk."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metascore.config.params import Config
from metascore.data.archive import OMNIGLOT, Part
from metascore.data.download import Unreachable, fetch, mirror, torchvision_address, wrong_mirror
from metascore.data.glyphs import draw_glyphs
from metascore.data.omniglot import read_omniglot
from metascore.errors import UserError
from metascore.files import sha256, write_array, write_json, write_text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Dataset:
    """Images (character, drawer, 28, 28), their characters, and what they are (for source.json)."""

    images: np.ndarray
    characters: pd.DataFrame
    description: dict[str, Any]


def run(config: Config, target: Path = Path("data/omniglot"), parts: Sequence[Part] = OMNIGLOT) -> None:
    """Write images.npy, characters.csv and source.json into `target`; downloads are kept beside it."""
    write(obtain(config.data, target.parent / "downloads", parts), target)


def obtain(settings: dict[str, Any], downloads: Path, parts: Sequence[Part] = OMNIGLOT) -> Dataset:
    """Return the data of the first source in `settings` that can be reached.

    Raises UserError when none can. A mirror that is set and fails, and wrong bytes of any source, are errors too: the
    next source is not tried.
    """
    reasons: list[str] = []
    for source in settings["sources"]:
        if source == "glyphs":
            return _glyphs(settings["glyphs_seed"], reasons)
        if source == "mirror" and not mirror():
            reasons.append("mirror (OMNIGLOT_MIRROR is not set)")
            continue
        try:
            return _omniglot(mirror() if source == "mirror" else torchvision_address(), downloads, parts)
        except Unreachable as error:
            if source == "mirror":
                raise wrong_mirror(error) from error
            reasons.append(f"{source} ({error})")
    cure = "set OMNIGLOT_MIRROR to a folder or base URL with its two zip files, or add glyphs to data.omniglot.sources"
    raise UserError(f"Omniglot is unreachable: {', '.join(reasons)}: {cure}")


def _omniglot(address: str, downloads: Path, parts: Sequence[Part]) -> Dataset:
    images, characters = read_omniglot([(part.name, fetch(address, part, downloads)) for part in parts])
    digests = {part.folder: part.listing for part in parts}
    return Dataset(images, characters, {"name": "Omniglot", "synthetic": False, "digests": digests})


def _glyphs(seed: int, reasons: list[str]) -> Dataset:
    cause = f"Omniglot is unreachable: {', '.join(reasons)}. " if reasons else ""
    log.warning("%sUsing SYNTHETIC GLYPHS: scores on them say nothing about Omniglot", cause)
    images, characters = draw_glyphs(seed)
    return Dataset(images, characters, {"name": "synthetic glyphs", "synthetic": True, "seed": seed})


def write(dataset: Dataset, target: Path) -> None:
    """Write the three files; source.json comes last, so that it never describes the bytes of another run."""
    source = target / "source.json"
    source.unlink(missing_ok=True)
    write_array(target / "images.npy", dataset.images)
    write_text(target / "characters.csv", dataset.characters.to_csv(lineterminator="\n"))
    digests = {name: sha256(target / name) for name in ("images.npy", "characters.csv")}
    write_json(source, dataset.description | {"digests": dataset.description.get("digests", {}) | digests})
