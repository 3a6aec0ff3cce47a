"""What is found by its name: modules in a room of this package, and those that other packages offer.

Another package offers a problem or a learner by an entry point of the group `metascore.problems` or
`metascore.learners`: its name is what params.yaml says, its value is the module.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from metascore.errors import UsageError


def module_of(room: str, name: str, files: Collection[str]) -> str:
    """The dotted name of the module that `name` stands for, such as metascore.problems.sine.

    `files` are the names of this package's own modules in the room. Raises UsageError where there is no such name, or
    more than one.
    """
    found = [f"metascore.{room}.{name}"] if name in files else []
    found += sorted({point.module for point in _offered(room) if point.name == name})
    if len(found) > 1:
        raise UsageError(f"{name!r} is offered more than once ({', '.join(found)}): uninstall all but one")
    if not found:
        raise UsageError(f"{name!r} is unknown: one of {', '.join(names(room, files))}")
    return found[0]


def names(room: str, files: Collection[str]) -> list[str]:
    """Every name that can be asked for, in the order of the alphabet."""
    return sorted({*files, *(point.name for point in _offered(room))})


def file_of(module: str) -> Path:
    """Where a module is, which is not imported for that. Raises UsageError where it is missing."""
    try:
        spec = importlib.util.find_spec(module)
    except ImportError:
        spec = None
    if spec is None or spec.origin is None:
        raise UsageError(f"{module}: an entry point names it, and there is no such module: install its package again")
    return Path(spec.origin)


def folder_of(top: str) -> Path:
    """The folder of a package, or the file of a module that is in none, without its suffix."""
    file = file_of(top)
    return file.parent if file.name == "__init__.py" else file.with_suffix("")


@cache
def _offered(room: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=f"metascore.{room}"))
