"""Tables, one a file, found by being here: PLACE, CAPTION and rows(numbers), which is written as CSV.

The report shows a table with TITLE. One with READING and sections(numbers) is written as Markdown too; one whose
sections papers show has PAPER = True and is written as LaTeX.
"""

import importlib
from types import ModuleType

from metascore.report import declarations


def all_tables() -> list[ModuleType]:
    """The module of each, in their order."""
    return [importlib.import_module(f"{__name__}.{one.name}") for one in declarations.tables()]
