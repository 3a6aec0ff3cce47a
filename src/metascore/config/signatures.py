"""What a learner's file says about itself, read from its syntax tree.

The workflow asks this for every learner at every start, so it must not import torch. The constructor's keyword
arguments become the JSON schema of the learner's hyper-parameters.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

LEARNERS = Path(__file__).parents[1] / "learners"
BASE = "AbstractLearner"
TYPES: dict[str, dict[str, Any]] = {
    "int": {"type": "integer", "minimum": 0},
    "float": {"type": "number", "minimum": 0},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
    "None": {"type": "null"},
}


def learner_files() -> list[str]:
    """Every key that a file in learners/ stands for."""
    return sorted(path.stem for path in LEARNERS.glob("*.py") if _class(path.stem) is not None)


def kinds(file: str) -> tuple[str, ...]:
    """The kinds of problem that a learner can do: its `kinds`, or classification alone."""
    for statement in _definition(file).body:
        if isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "kinds" and statement.value:
            return tuple(ast.literal_eval(statement.value))
    return ("classification",)


def hyper_parameters(file: str) -> dict[str, Any]:
    """JSON schema of the keyword arguments of a learner's constructor."""
    arguments = _keywords(file)
    return {argument.arg: _schema(argument.annotation) for argument, _ in arguments}


def required(file: str) -> list[str]:
    """Hyper-parameters without a default."""
    return [argument.arg for argument, default in _keywords(file) if default is None]


def _keywords(file: str) -> list[tuple[ast.arg, ast.expr | None]]:
    for statement in _definition(file).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return list(zip(statement.args.kwonlyargs, statement.args.kw_defaults, strict=True))
    return []


def _schema(annotation: ast.expr | None) -> dict[str, Any]:
    """int, float, bool, str, None, Literal[...] and unions of these."""
    if isinstance(annotation, ast.BinOp):
        return {"anyOf": [_schema(annotation.left), _schema(annotation.right)]}
    if isinstance(annotation, ast.Subscript):
        choices = ast.literal_eval(annotation.slice)
        return {"enum": list(choices) if isinstance(choices, tuple) else [choices]}
    return TYPES[ast.unparse(annotation)] if annotation is not None else {}


def _definition(file: str) -> ast.ClassDef:
    definition = _class(file)
    if definition is None:
        raise KeyError(file)
    return definition


@cache
def _class(file: str) -> ast.ClassDef | None:
    for statement in ast.parse((LEARNERS / f"{file}.py").read_text(encoding="utf-8")).body:
        bases = [ast.unparse(base) for base in statement.bases] if isinstance(statement, ast.ClassDef) else []
        if isinstance(statement, ast.ClassDef) and BASE in bases:
            return statement
    return None
