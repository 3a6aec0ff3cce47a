"""Where shorter budgets depart from a learner's entry: what the pages of docs/ show beside the paper's recipe."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from metascore.config.recipe import Recipe
from metascore.report.documents import pipes
from metascore.report.table_cells import MISSING

COST = ("chunk_size", "validations")  # change nothing of what is learned, or only when it is looked at


def numbers(recipe: Recipe) -> dict[str, Any]:
    """What a run learns by, by name; of the training without its section."""
    training = {name: value for name, value in vars(recipe.training).items() if name not in COST}
    return recipe.hyper_parameters | training


def departures(by_budget: Mapping[str, Mapping[str, Any]]) -> str:
    """The numbers that some budget has otherwise than the first one, a column a budget."""
    first, *others = by_budget.values()
    changed = [name for name in first if any(other.get(name) != first[name] for other in others)]
    rows = [
        {"number": f"`{name}`"} | {budget: _cell(own.get(name)) for budget, own in by_budget.items()}
        for name in changed
    ]
    return pipes(pd.DataFrame(rows)) if rows else "No number is another."


def _cell(value: Any) -> str:
    """As the files in params/ have it."""
    return MISSING if value is None else value if isinstance(value, str) else json.dumps(value)
