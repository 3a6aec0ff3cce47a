"""A learner's file, read as a syntax tree: its hyper-parameters and what it declares in class variables.

The workflow reads every learner at every start, so this must not import torch, and therefore no learner.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Optional

from metascore import plugins
from metascore.bounds import NotNegative, NotNegativeFloat
from metascore.errors import UsageError

ROOM = "learners"
LEARNERS = Path(__file__).parents[1] / ROOM
BASE = "AbstractLearner"
CONSTANTS = ("needs", "learns", "any_way", "citation")  # class variables that are read
TYPES: dict[str, Any] = {  # what an annotation allows in params.yaml
    "int": NotNegative,
    "float": NotNegativeFloat,
    "bool": bool,
    "str": str,
    "None": None,
}
ONE = "one class in the file derives from AbstractLearner itself; a variant is an entry in params.yaml"
READ = f"the file is read, not run: use {', '.join(TYPES)}, Optional, Literal or a union of these, and plain values"


@dataclass(frozen=True)
class Signature:
    """What a learner's file declares."""

    path: Path
    types: dict[str, Any]  # of the hyper-parameters, in the file's order: pydantic's TypeAdapter
    defaults: dict[str, Any]  # of those that have one
    needs: tuple[str, ...] = ("has_classes", "has_images")  # properties of a problem that it can do
    learns: bool = True  # whether meta-training changes it
    any_way: bool = False  # whether its tensors have the same shapes for every number of ways
    citation: str = ""


def learner_files() -> list[str]:
    """The names of the learners in learners/. A broken file counts: the entry that uses it gets the error."""
    return sorted(path.stem for path in LEARNERS.glob("*.py") if path.stem.isidentifier() and _mentions_base(path))


def _mentions_base(path: Path) -> bool:
    try:
        return f"({BASE})" in path.read_text(encoding="utf-8") and path.stem != "base"
    except (OSError, ValueError):
        return False


def known() -> list[str]:
    """The names of all learners: the files in learners/, and those of installed packages."""
    return plugins.names(ROOM, learner_files())


def own_path(file: str) -> Path:
    """The path of a name in learners/, whether or not there is a file."""
    return LEARNERS / f"{file}.py"


def path_of(file: str) -> Path:
    """The path of a learner's file. Raises UsageError where there is none, or more than one of its name."""
    module = module_of(file)
    return own_path(file) if module == f"metascore.{ROOM}.{file}" else plugins.file_of(module)


def module_of(file: str) -> str:
    """The dotted name of a learner's module. Raises UsageError where there is none, or more than one of its name."""
    own = [file] if file.isidentifier() and own_path(file).is_file() else []
    return plugins.module_of(ROOM, file, [*learner_files(), *own])


@cache
def of(file: str) -> Signature:
    """What a learner's file declares. Raises UsageError, with file and line, where it can't be read."""
    from pydantic import ConfigDict, TypeAdapter  # late: whoever only loads a learner needs no pydantic

    path, types, values = path_of(file), {}, {}
    for statement in (one for one in _learner(path).body if isinstance(one, ast.AnnAssign)):
        name = ast.unparse(statement.target)
        is_constant = "ClassVar" in ast.unparse(statement.annotation).split("[")[0]
        if name == "problem" or (is_constant and name not in CONSTANTS):
            continue
        try:
            if not is_constant:
                types[name] = TypeAdapter(
                    _type(statement.annotation), config=ConfigDict(strict=True, allow_inf_nan=False)
                )
            if statement.value is not None:
                values[name] = ast.literal_eval(statement.value)
        except (KeyError, ValueError, TypeError) as error:
            raise UsageError(f"{path}, line {statement.lineno}: `{ast.unparse(statement)}`: {READ}") from error
    constants = {name: values.pop(name) for name in CONSTANTS if name in values}
    return Signature(path, types, values, **constants)


def _type(annotation: ast.expr) -> Any:
    """The type that an annotation stands for. Raises KeyError or ValueError where it is none of READ."""
    if isinstance(annotation, ast.BinOp):
        return _type(annotation.left) | _type(annotation.right)
    if isinstance(annotation, ast.Subscript):
        outer = ast.unparse(annotation.value).rpartition(".")[2]
        if outer == "Literal":
            return Literal[ast.literal_eval(annotation.slice)]
        return {"Optional": Optional}[outer][_type(annotation.slice)]
    return TYPES[ast.unparse(annotation)]


def _learner(path: Path) -> ast.ClassDef:
    """The one learner of a file. Raises UsageError, with file and line, where there is none or more than one."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UsageError(f"{path}, line {error.lineno}: {error.msg}: correct it") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({' '.join(str(error).split())}): correct it") from error
    classes = {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}
    bases = {name: {ast.unparse(base).rpartition(".")[2] for base in one.bases} for name, one in classes.items()}
    learners = [name for name in classes if BASE in bases[name]]
    learners += [name for name in classes if bases[name] & {*learners}]
    if len(learners) != 1:
        found = classes.get(learners[1]) if learners else next(iter(classes.values()), None)
        place = f"{path}, line {found.lineno}: {found.name}" if found else str(path)
        raise UsageError(f"{place}: {'a second' if learners else 'no'} learner: {ONE}")
    learner = classes[learners[0]]
    decorators = " ".join(map(ast.unparse, learner.decorator_list))
    if "frozen=True" not in decorators or "kw_only=True" not in decorators:
        cure = "write @dataclass(frozen=True, kw_only=True) above it"
        raise UsageError(f"{path}, line {learner.lineno}: {learner.name} is no frozen dataclass: {cure}")
    return learner
