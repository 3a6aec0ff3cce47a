"""Folders of the user's own pictures that DVC does not look at: `dvc repro` would not see new pictures.

Snakemake sees them, since it looks at the files of each data set at every start. Must not import torch.
"""

import os
from collections.abc import Iterable
from pathlib import Path

from metascore.config import documents
from metascore.config.params import Config
from metascore.errors import UsageError

PIPELINE = Path("dvc.yaml")
STAGE = "pictures"


def warnings(config: Config, data_sets: Iterable[str], pipeline: Path = PIPELINE) -> list[str]:
    """One line for each of these data sets whose folder no dependency of the stage has; nothing where DVC is not used.

    A link is not followed: DVC does not look behind one that lies in a dependency.
    """
    if not pipeline.exists():
        return []
    looked_at = [_real(place) for place in _dependencies(pipeline)]
    return [
        f"data.{name}.path: DVC does not look at {path}, so `dvc repro` sees no new pictures there: put the "
        f"folder into pictures/, or name it in {pipeline} under `deps` of the stage `{STAGE}`"
        for name in data_sets
        if not any(_real(path := config.folders[name]["path"]).is_relative_to(place) for place in looked_at)
    ]


def _dependencies(pipeline: Path) -> list[str]:
    """The folders that the stage depends on; none where the file is not as it should be, which DVC then says."""
    try:
        found = documents.read(pipeline).values["stages"][STAGE]["deps"]
    except (UsageError, KeyError, TypeError):
        return []
    return [place for place in found if isinstance(place, str)]


def _real(place: str) -> Path:
    return Path(os.path.realpath(Path(place).expanduser()))
