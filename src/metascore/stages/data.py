"""Stage data: Omniglot from the first source that has it, or synthetic glyphs, as arrays on disk."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from metascore.config.params import Config
from metascore.data.archive import OMNIGLOT, Part
from metascore.data.download import PATIENCE, Patience, Unreachable, fetch, mirror_address, torchvision_address
from metascore.data.glyphs import draw_glyphs
from metascore.data.omniglot import read_omniglot
from metascore.errors import UsageError, UserError
from metascore.files import sha256, write_array, write_json, write_text

logger = logging.getLogger(__name__)

ADDRESSES: dict[str, Callable[[], str]] = {"mirror": mirror_address, "torchvision": torchvision_address}


@dataclass(frozen=True)
class Dataset:
    """Images (character, drawer, 28, 28), their characters, and what they are (for source.json)."""

    images: np.ndarray
    characters: pd.DataFrame
    description: dict[str, Any]


def run(
    config: Config,
    target: Path = Path("data/omniglot"),
    parts: Sequence[Part] = OMNIGLOT,
    patience: Patience = PATIENCE,
) -> None:
    """Write images.npy, characters.csv and source.json into `target`; downloads are kept beside it."""
    write(obtain(config.data, target.parent / "downloads", parts, patience), target)


def obtain(settings: dict[str, Any], downloads: Path, parts: Sequence[Part], patience: Patience) -> Dataset:
    """Return the data of the first source in `settings` that can be reached.

    Raises UserError when none can, and when one has the wrong bytes or the user's own mirror has none: that is no
    reason to take another.
    """
    reasons: list[str] = []
    for source in settings["sources"]:
        if source == "glyphs":
            return _glyphs(settings["glyphs_seed"], reasons)
        if source not in ADDRESSES:
            raise UsageError(
                f"data.omniglot.sources: {source!r} is unknown: choose from mirror, torchvision and glyphs"
            )
        try:
            return _from(source, ADDRESSES[source](), downloads, parts, patience)
        except Unreachable as error:
            logger.info("%s: %s", source, error)
            reasons.append(f"{source} ({error})")
    cure = "set OMNIGLOT_MIRROR to a folder or base URL with its two zip files, or add glyphs to data.omniglot.sources"
    raise UserError(f"Omniglot is unreachable: {', '.join(reasons)}: {cure}")


def _from(source: str, address: str, downloads: Path, parts: Sequence[Part], patience: Patience) -> Dataset:
    """Omniglot from an address; one that the user gave is meant, so that nothing else is taken where it fails."""
    try:
        return _omniglot(address, downloads, parts, patience)
    except Unreachable as error:
        if source != "mirror":
            raise
        raise UserError(
            f"{error}: correct OMNIGLOT_MIRROR, or unset it to try the next of data.omniglot.sources"
        ) from error


def _omniglot(address: str, downloads: Path, parts: Sequence[Part], patience: Patience) -> Dataset:
    drawings = [(part.name, fetch(address, part, downloads, patience)) for part in parts]
    images, characters = read_omniglot(drawings)
    digests = {part.folder: part.listing for part in parts}
    return Dataset(images, characters, {"name": "Omniglot", "synthetic": False, "digests": digests})


def _glyphs(seed: int, reasons: list[str]) -> Dataset:
    cause = f"Omniglot is unreachable: {', '.join(reasons)}. " if reasons else ""
    logger.warning("%sUsing SYNTHETIC GLYPHS: scores on them say nothing about Omniglot", cause)
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
