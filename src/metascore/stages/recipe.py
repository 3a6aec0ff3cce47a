"""Command recipe: every number of a run, with the file and key that state it."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import pandas as pd

from metascore.config.documents import dotted
from metascore.config.params import Config
from metascore.report import documents


def run(config: Config, task: str, learner: str, as_json: bool = False) -> None:
    """Print the resolved recipe of a learner on a task: as a table, or as JSON for programs."""
    stated = config.stated(task, learner).items()
    if as_json:
        origins = {name: {"file": one.document.file, "key": dotted(one.key)} for name, one in stated}
        text = json.dumps({**asdict(config.recipe(task, learner)), "origins": origins}, indent=1)
    else:
        columns = ("number", "value", "stated in", "as")
        rows = [(name, json.dumps(one.value), one.document.file, dotted(one.key)) for name, one in stated]
        text = documents.pipes(pd.DataFrame(rows, columns=columns))
    sys.stdout.write(f"{text}\n")
