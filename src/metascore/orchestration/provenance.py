"""What code a stage runs, as one digest: the workflow runs a job again when it changes. Must not import torch.

The digest covers the stage's module and everything that it imports from this package, as syntax trees without
docstrings: formatting, comments and documentation change nothing. Learners are loaded by their file's name, which no
import shows, so a stage that uses one names it; of figures and tables, which are found by being there, all count.
`metascore.config.params` is left out: what it hands over to a job stands in the parameters and inputs of its rule.
"""

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from metascore import plugins, problems
from metascore.config import signatures

PACKAGE = Path(__file__).parents[1]
CONFIGURATION = "metascore.config.params"
FOUND_BY_BEING_THERE = ("metascore.report.figures", "metascore.report.tables")


def stage_code(stage: str, learner_file: str | None = None, problem: str | None = None) -> str:
    """The digest of a stage's code, and of its learner's and its problem's where they are named."""
    learner = [signatures.module_of(learner_file)] if learner_file else []
    kind = [problems.module_of(problem)] if problem else []
    return code_digest([f"metascore.stages.{stage}", *learner, *kind])


def code_digest(entry_modules: Iterable[str], package: Path = PACKAGE) -> str:
    """SHA-256 over the closure of static imports of these modules (dotted names) inside their packages."""
    files = sorted(module_files(entry_modules, package).items())
    lines = (f"{module} {_parsed(path, path.stat().st_mtime_ns)[0]}\n" for module, path in files)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def module_files(entry_modules: Iterable[str], package: Path = PACKAGE) -> dict[str, Path]:
    """The modules of the closure, with their files. Raises FileNotFoundError when an entry has none.

    A learner or a problem may come from another package, whose modules are then followed like those of this one.
    """
    found: dict[str, Path] = {}
    entries = list(entry_modules)
    others = {name.split(".")[0] for name in entries} - {package.name}
    packages = {package.name: package} | {top: plugins.folder_of(top) for top in others}
    waiting = [name for module in entries for name in _with_parents(module)]
    while waiting:
        module = waiting.pop()
        path = _file(module, packages)
        if path is None:
            raise FileNotFoundError(f"{module}: no such module in {package}")
        found[module] = path
        imports = _parsed(path, path.stat().st_mtime_ns)[1]
        waiting += [f"{module}.{other.stem}" for other in _found_there(module, path) if other != path]
        reached = {name for target in imports for name in _with_parents(_absolute(target, module, path))}
        waiting += [name for name in reached - found.keys() - {CONFIGURATION} if _file(name, packages)]
    return found


def _found_there(module: str, path: Path) -> list[Path]:
    """All modules of a package that takes in whatever lies there."""
    return sorted(path.parent.glob("[a-z]*.py")) if module in FOUND_BY_BEING_THERE else []


def _file(module: str, packages: Mapping[str, Path]) -> Path | None:
    """A module's file, or None for a module of none of the packages and for a name that is no module."""
    top, *rest = module.split(".")
    if top not in packages:
        return None
    base = packages[top].joinpath(*rest)
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


@functools.cache
def _parsed(path: Path, modified_ns: int) -> tuple[str, frozenset[tuple[int, str]]]:
    """The digest of a file's syntax tree without docstrings, and what it imports: (level, dotted name).

    `modified_ns` is part of the cache's key: a file is read again after a change.
    """
    tree = ast.parse(path.read_bytes(), filename=str(path))
    imports = frozenset(_imports(tree))
    for node in ast.walk(tree):
        _strip_docstring(node)
    return hashlib.sha256(_canonical(tree).encode()).hexdigest(), imports


def _canonical(value: object) -> str:
    """A syntax tree as text. Unlike ast.dump's, it is the same in all versions of Python: empty fields are left out."""
    if isinstance(value, list):
        return f"[{','.join(map(_canonical, value))}]"
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = ((name, field) for name, field in ast.iter_fields(value) if field is not None and field != [])
    return f"{type(value).__name__}({','.join(f'{name}={_canonical(field)}' for name, field in fields)})"


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """`from a import b` yields a.b, which may be a module or only a name in one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield from ((node.level, f"{base}.{alias.name}".strip(".")) for alias in node.names)


def _absolute(target: tuple[int, str], module: str, path: Path) -> str:
    """The dotted name that a relative import of `module` means."""
    level, name = target
    if level == 0:
        return name
    parts = module.split(".")
    parents = parts if path.name == "__init__.py" else parts[:-1]
    return ".".join([*parents[: len(parents) - level + 1], name])


def _with_parents(name: str) -> list[str]:
    """a.b.c: Python imports a, then a.b, then a.b.c."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _strip_docstring(node: ast.AST) -> None:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]
