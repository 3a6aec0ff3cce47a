"""Stage pictures: a folder of the user's own pictures as arrays on disk."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from metascore.config.params import Config
from metascore.data import classes, folder, reading
from metascore.data.pictures import Look
from metascore.errors import UsageError, UserError
from metascore.files import expanded, read_json, sha256, write_json
from metascore.store.paths import PICTURES

log = logging.getLogger(__name__)


def run(config: Config, name: str, pictures: Path = PICTURES) -> None:
    """Write images.npy, classes.csv and source.json into data/pictures/{name}, unless they are up to date."""
    if name not in config.folders:
        known = ", ".join(config.folders) or "none yet"
        raise UsageError(f"--name {name}: no folder of pictures in `data` of params.yaml: one of {known}")
    settings, target = config.folders[name], pictures / name
    place = expanded(settings["path"])
    listing = folder.listed(place)
    description = _description(name, settings, folder.fingerprint(listing.files, place))
    if _is_done(target, description):
        log.info("%s: the pictures of %s, unchanged", target, place)
        return
    (target / "source.json").unlink(missing_ok=True)  # written last: it never describes other bytes
    look = Look(settings["size"], settings["channels"], settings.get("invert", False))
    census = reading.write_pictures(target / "images.npy", listing, look)
    reading.warn(census)
    classes.write(target / "classes.csv", census.rows)
    digests = {file: sha256(target / file) for file in ("images.npy", "classes.csv")}
    counts = {"classes": len(census.rows), "images": census.count, "left_out": len(census.left_out)}
    write_json(target / "source.json", description | counts | {"digests": digests})


def _description(name: str, settings: dict[str, Any], fingerprint: str) -> dict[str, Any]:
    look = {key: settings.get(key, False) for key in ("size", "channels", "invert")}
    return {"name": name, "synthetic": False, "files": fingerprint} | look


def _is_done(target: Path, description: dict[str, Any]) -> bool:
    """Return whether the three files exist and have this description."""
    try:
        source = read_json(target / "source.json")
        known = {key: source.get(key) for key in description} == description
        return known and all(sha256(target / file) == digest for file, digest in source["digests"].items())
    except (UserError, AttributeError, KeyError):
        return False
