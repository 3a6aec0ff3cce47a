"""Synthetic glyphs stand in for Omniglot where it was out of reach; they give way as soon as a mirror is named."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from metascore.errors import UserError
from metascore.files import read_json
from metascore.store import paths


class StandIn(NamedTuple):
    """Whether glyphs lie where Omniglot can now be had, and what to say of them."""

    gives_way: bool
    line: str


def found(
    settings: Mapping[str, Any], source: Path = paths.SOURCE, environment: Mapping[str, str] = os.environ
) -> StandIn | None:
    """None where the data are no stand-in: Omniglot, or glyphs that are all that `settings` (section data) ask for."""
    if not _is_synthetic(source) or settings["sources"][0] == "glyphs":
        return None
    if environment.get("OMNIGLOT_MIRROR") and "mirror" in settings["sources"]:
        return StandIn(True, "the data are synthetic glyphs: OMNIGLOT_MIRROR is set, so Omniglot is fetched")
    return StandIn(
        False,
        f"the data are SYNTHETIC GLYPHS: for Omniglot, set OMNIGLOT_MIRROR, or delete {source.parent} to try again",
    )


def _is_synthetic(source: Path) -> bool:
    try:
        description = read_json(source)
    except UserError:
        return False
    return isinstance(description, dict) and bool(description.get("synthetic"))
