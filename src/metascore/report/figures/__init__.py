"""Figures, one a file, found by being here: PLACE, CAPTION and draw(numbers, task).

`draw` returns None where a task has nothing to show. Figures compute positions and no scores.
"""

import importlib
from types import ModuleType

from metascore.report import declarations


def all_figures() -> list[ModuleType]:
    """The module of each, in their order."""
    return [importlib.import_module(f"{__name__}.{one.name}") for one in declarations.figures()]
