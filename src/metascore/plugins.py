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
    """Where a module is. Neither it nor its package is imported. Raises UsageError where it is missing."""
    top, *rest = module.split(".")
    base = folder_of(top).joinpath(*rest)
    found = next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)
    if found is None:
        raise _missing(module)
    return found


def folder_of(top: str) -> Path:
    """The folder of a package, or the file of a module that is in none, without its suffix."""
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        raise _missing(top)
    file = Path(spec.origin)
    return file.parent if file.name == "__init__.py" else file.with_suffix("")


def _missing(module: str) -> UsageError:
    return UsageError(f"{module}: an entry point names it, and there is no such module: install its package again")


@cache
def _offered(room: str) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=f"metascore.{room}"))
