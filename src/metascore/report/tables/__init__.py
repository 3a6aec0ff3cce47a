"""Tables, one a file, found by being here: PLACE, CAPTION, rows(numbers).

TITLE is that of a table which the page shows; one with READING and sections(numbers) is a document too.
"""

import importlib
from types import ModuleType

from metascore.report import declarations


def all_tables() -> list[ModuleType]:
    """The module of each, in their order."""
    return [importlib.import_module(f"{__name__}.{one.name}") for one in declarations.tables()]
