"""What a learner's file says about itself, read from its syntax tree, whether it is in learners/ or in another package.

The workflow asks this for every learner at every start, so it must not import torch. The fields of the learner's
dataclass are the JSON schema of its hyper-parameters.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from metascore import plugins
from metascore.errors import UsageError

ROOM = "learners"
LEARNERS = Path(__file__).parents[1] / ROOM
BASE = "AbstractLearner"
PROBLEM = "problem"  # the base's own field
TYPES: dict[str, dict[str, Any]] = {
    "int": {"type": "integer", "minimum": 0},
    "float": {"type": "number", "minimum": 0},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
    "None": {"type": "null"},
}
CURE = "one class in the file derives from AbstractLearner itself; a variant is an entry in params.yaml"
Value = TypeVar("Value")


@dataclass(frozen=True)
class Field:
    """A hyper-parameter: its JSON schema, the line that declares it, and its default."""

    schema: dict[str, Any]
    line: int
    required: bool
    default: Any = None


def learner_files() -> list[str]:
    """Every file in learners/ that may be named by an entry; hidden ones (an editor's locks) are none."""
    return sorted(path.stem for path in LEARNERS.glob("*.py") if path.stem.isidentifier() and _mentions_base(path))


def readable_files() -> list[str]:
    """Those of them that can be read: whoever named another would be told why."""
    found = []
    for file in learner_files():
        with contextlib.suppress(UsageError):
            fields(file)
            found.append(file)
    return found


def known() -> list[str]:
    """Every name that an entry may give: the files in learners/, and what other packages offer."""
    return plugins.names(ROOM, learner_files())


def exists(file: str) -> bool:
    """Whether there is such a file, whatever is in it."""
    return file.isidentifier() and (own_path(file).is_file() or file in known())


def own_path(file: str) -> Path:
    """Where a file lies, or would lie, in learners/."""
    return LEARNERS / f"{file}.py"


def path_of(file: str) -> Path:
    """Where a learner's file lies. Raises UsageError where there is none, or more than one of its name."""
    module = module_of(file)
    return own_path(file) if module == f"metascore.{ROOM}.{file}" else plugins.file_of(module)


def module_of(file: str) -> str:
    """The dotted name of a learner's module. Raises UsageError where there is none, or more than one of its name."""
    own = [file] if own_path(file).is_file() else []
    return plugins.module_of(ROOM, file, [*learner_files(), *own])


def needs(file: str) -> tuple[str, ...]:
    """The properties that a problem must have for a learner to do it: its `needs`, or those of most learners."""
    return tuple(_constant(file, "needs", ("has_classes", "has_images")))


def learns(file: str) -> bool:
    """Whether meta-training changes anything: False where its `learns` says so."""
    return bool(_constant(file, "learns", True))


def citation(file: str) -> str:
    """Where a learner comes from."""
    return str(_constant(file, "citation", ""))


def _constant(file: str, name: str, default: Any) -> Any:
    for statement in _definition(file).body:
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == name and statement.value:
            return _literal(file, statement.value, ast.literal_eval)
    return default


def hyper_parameters(file: str) -> dict[str, Any]:
    """JSON schema of a learner's hyper-parameters."""
    return {name: field.schema for name, field in fields(file).items()}


def required(file: str) -> list[str]:
    """Hyper-parameters without a default."""
    return [name for name, field in fields(file).items() if field.required]


@cache
def fields(file: str) -> dict[str, Field]:
    """A learner's hyper-parameters, in their order. Raises UsageError, with file and line, where they can't be read."""
    annotated = (statement for statement in _definition(file).body if isinstance(statement, ast.AnnAssign))
    own = {ast.unparse(statement.target): statement for statement in annotated if not _is_class_variable(statement)}
    return {name: _field(file, statement) for name, statement in own.items() if name != PROBLEM}


def _is_class_variable(statement: ast.AnnAssign) -> bool:
    return ast.unparse(statement.annotation).split("[")[0] in ("ClassVar", "typing.ClassVar")


def _field(file: str, statement: ast.AnnAssign) -> Field:
    schema = _literal(file, statement.annotation, _schema)
    if statement.value is None:
        return Field(schema, statement.lineno, required=True)
    return Field(schema, statement.lineno, False, _literal(file, statement.value, ast.literal_eval))


def _schema(annotation: ast.expr) -> dict[str, Any]:
    """int, float, bool, str, None, Literal[...], Optional[...] and unions of these."""
    if isinstance(annotation, ast.Constant) and annotation.value is None:
        return TYPES["None"]
    if isinstance(annotation, ast.BinOp):
        return {"anyOf": [_schema(annotation.left), _schema(annotation.right)]}
    if isinstance(annotation, ast.Subscript):
        outer = ast.unparse(annotation.value).rpartition(".")[2]
        if outer == "Optional":
            return {"anyOf": [_schema(annotation.slice), TYPES["None"]]}
        if outer != "Literal":
            raise ValueError(outer)
        choices = ast.literal_eval(annotation.slice)
        return {"enum": list(choices) if isinstance(choices, tuple) else [choices]}
    return TYPES[ast.unparse(annotation)]


def _literal(file: str, expression: ast.expr, read: Callable[[ast.expr], Value]) -> Value:
    """What `read` makes of an expression, or one line that says where it stands."""
    try:
        return read(expression)
    except (KeyError, ValueError, TypeError) as error:
        raise UsageError(
            f"{path_of(file)}, line {expression.lineno}: `{ast.unparse(expression)}`: the file is read, not run: use "
            f"{', '.join(TYPES)}, Optional, Literal or a union of these, and plain values"
        ) from error


@cache
def _definition(file: str) -> ast.ClassDef:
    """The one learner of a file. Raises UsageError, with file and line, where there is none or more than one."""
    classes = [statement for statement in _tree(file).body if isinstance(statement, ast.ClassDef)]
    learners = [one for one in classes if BASE in _bases(one)]
    names = {one.name for one in learners}
    derived = [one for one in classes if names & set(_bases(one))]
    if len(learners) + len(derived) == 1:
        _check_frozen(file, learners[0])
        return learners[0]
    if learners:
        second = [*learners[1:], *derived][0]
        raise UsageError(f"{path_of(file)}, line {second.lineno}: {second.name} is a second learner: {CURE}")
    place = f"{path_of(file)}, line {classes[0].lineno}: {classes[0].name}" if classes else str(path_of(file))
    raise UsageError(f"{place}: no learner: {CURE}")


def _check_frozen(file: str, learner: ast.ClassDef) -> None:
    """Without the decorator its fields would be no keywords, and it could change."""
    keywords = [keyword for one in learner.decorator_list if isinstance(one, ast.Call) for keyword in one.keywords]
    if not {"frozen=True", "kw_only=True"} <= {ast.unparse(keyword) for keyword in keywords}:
        cure = "write @dataclass(frozen=True, kw_only=True) above it"
        raise UsageError(f"{path_of(file)}, line {learner.lineno}: {learner.name} is no frozen dataclass: {cure}")


def _bases(definition: ast.ClassDef) -> list[str]:
    return [ast.unparse(base).rpartition(".")[2] for base in definition.bases]


def _tree(file: str) -> ast.Module:
    try:
        return ast.parse(path_of(file).read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise UsageError(f"{path_of(file)}, line {error.lineno}: {error.msg}: correct it") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path_of(file)}: cannot be read ({' '.join(str(error).split())}): correct it") from error


def _mentions_base(path: Path) -> bool:
    """Whether a file seems to be a learner's: one that is broken is named where an entry names it, and only there."""
    try:
        return f"({BASE})" in path.read_text(encoding="utf-8") and path.stem != "base"
    except (OSError, ValueError):
        return False
