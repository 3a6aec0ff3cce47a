"""Problems: one file a kind, found by its name."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from pathlib import Path
from types import ModuleType

from metascore import plugins
from metascore.errors import UsageError
from metascore.problems.base import Problem
from metascore.problems.scale import Scale

ROOM = "problems"


def find(name: str) -> type[Problem]:
    """The kind of problem of this name: a file of this package, or an entry point of another package.

    Raises UsageError where there is none, more than one, or where its module cannot be used.
    """
    module = module_of(name)
    defined = _imported(module)
    kinds = _kinds(defined)
    if len(kinds) != 1 or getattr(kinds[0], "name", None) != name:
        raise UsageError(f"{module}: must define one problem, with `name` {name!r}: it defines {_described(defined)}")
    return kinds[0]


def module_of(name: str) -> str:
    """The dotted name of the module that defines a kind. Raises UsageError where there is none, or more than one."""
    return plugins.module_of(ROOM, name, _files())


def known() -> list[str]:
    """The names of all kinds."""
    return plugins.names(ROOM, _files())


@cache
def scale(name: str) -> Scale:
    """The scale of scores with this name; kinds of this package come first.

    Kinds that cannot be imported are skipped. Raises UsageError where no other kind has the scale.
    """
    broken = None
    for kind in dict.fromkeys([*_files(), *known()]):
        try:
            scale = find(kind).scale
        except UsageError as error:
            broken = error
        else:
            if scale.name == name:
                return scale
    raise broken or UsageError(f"no kind of problem has scores called {name!r}: install the package that has")


@cache
def _files() -> tuple[str, ...]:
    """The modules of this package that define a kind; hidden files, such as an editor's locks, do not count."""
    stems = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py") if path.stem.isidentifier())
    return tuple(stem for stem in stems if _may_define(stem))


def _may_define(stem: str) -> bool:
    """Whether a module may define a kind. A broken one counts: its error appears where a task names it."""
    try:
        return bool(_kinds(_imported(f"{__name__}.{stem}")))
    except UsageError:
        return True


def _imported(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except Exception as error:  # another package may raise anything
        what = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise UsageError(f"{module}: cannot be imported ({what}): correct it, or uninstall it") from error


def _kinds(module: ModuleType) -> list[type[Problem]]:
    """The final problems that a module defines itself."""
    return [kind for kind in _problems(module) if not inspect.isabstract(kind)]


def _problems(module: ModuleType) -> list[type[Problem]]:
    own = [one for one in vars(module).values() if inspect.isclass(one) and one.__module__ == module.__name__]
    return [one for one in own if issubclass(one, Problem)]


def _described(module: ModuleType) -> str:
    """The problems that a module defines, with the methods that they lack."""
    found = [
        f"{kind.__name__} ({', '.join(sorted(map(str, lacking)))} missing)" if lacking else kind.__name__
        for kind in _problems(module)
        for lacking in [kind.__abstractmethods__]
    ]
    return ", ".join(found) or "none"
