"""Command recipe: every number of a run, with the place that states it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

import pandas as pd

from metascore.config.documents import dotted
from metascore.config.overlay import Stated
from metascore.config.params import Config
from metascore.report import documents


def run(config: Config, task: str, learner: str, as_json: bool = False) -> None:
    """Print the resolved recipe of a learner on a task: as a table, or as JSON for programs."""
    stated = config.stated(task, learner)
    if as_json:
        shown = {name: _origin(one) for name, one in stated.items()}
        text = json.dumps({**asdict(config.recipe(task, learner)), "origins": shown}, indent=1) + "\n"
    else:
        text = documents.pipes(pd.DataFrame([_row(name, one) for name, one in stated.items()])) + "\n"
    sys.stdout.write(text)


def _origin(one: Stated) -> dict[str, Any]:
    return {"file": one.place.file, "line": one.place.line, "key": dotted(one.key)}


def _row(name: str, one: Stated) -> dict[str, str]:
    """As people read it: YAML's words, and the key where it is not the name itself."""
    return {"number": name, "value": json.dumps(one.value), "stated in": str(one.place), "as": dotted(one.key)}
