"""Packages of the user's own that a learner or a problem imports: the workflow does not see when they change.

What is installed changes by being installed again, which is as plain as a new version of torch. A package in a folder
that somebody edits is not, and its changes run nothing again. Must not import torch.
"""

import ast
import functools
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path

from metascore import problems
from metascore.config import signatures
from metascore.config.params import Config
from metascore.orchestration.provenance import module_files

INSTALLED = {"site-packages", "dist-packages"}
FOLLOWED = ("metascore.learners.", "metascore.problems.")  # other rooms are the project's own


def warnings(config: Config) -> list[str]:
    """One line for each learner and kind of problem that imports such packages."""
    modules = {learner: signatures.module_of(config.entries[learner].file) for _, learner in config.pairs()}
    modules |= {problem.name: problems.module_of(problem.name) for problem in config.tasks.values()}
    return [_told(name, found) for name, module in modules.items() if (found := unseen(module))]


def unseen(module: str) -> dict[str, Path]:
    """The packages that a learner's or a problem's module, and its own package, import from a folder; each with it."""
    own = {name: path for name, path in module_files([module]).items() if _is_looked_at(name)}
    followed = {name.partition(".")[0] for name in own}
    found = {top: _folder(top) for path in own.values() for top in _imported(path) if top not in followed}
    return {top: folder for top, folder in sorted(found.items()) if folder is not None}


def _told(name: str, packages: Mapping[str, Path]) -> str:
    listed = ", ".join(f"{top} from {folder}" for top, folder in packages.items())
    return f"{name} imports {listed}: a change there runs nothing again: after one, delete the runs of {name}"


def _is_looked_at(module: str) -> bool:
    return module.startswith(FOLLOWED) or module.partition(".")[0] != "metascore"


def _imported(path: Path) -> Iterable[str]:
    """The packages that a file imports, at its top or later."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@functools.cache
def _folder(top: str) -> Path | None:
    """Where a package lies that is neither Python's nor installed; None of others, and of one that is not found."""
    if top in sys.stdlib_module_names:
        return None
    spec = _spec(top)
    places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or [])]
    folder = next((Path(place).parent for place in places if place), None)
    return None if folder is None or INSTALLED & {*folder.parts} else folder


def _spec(top: str) -> ModuleSpec | None:
    """A job also finds what lies in the folder that it runs in."""
    try:
        found = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        found = None
    return found or importlib.machinery.PathFinder.find_spec(top, [str(Path.cwd())])
