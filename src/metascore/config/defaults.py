"""What a recipe takes where no section says anything: the defaults of the learner's fields and of the training."""

from __future__ import annotations

import ast
import dataclasses
from functools import cache
from pathlib import Path

from metascore.config import recipe, signatures
from metascore.config.documents import Place
from metascore.config.overlay import TRAINING, Layer, Stated


@cache
def of_learner(file: str) -> Layer:
    """The defaults of a learner's hyper-parameters; those without one are missing."""
    fields = signatures.fields(file).items()
    place = _shown(signatures.path_of(file))
    return {name: Stated(one.default, Place(place, one.line), (name,)) for name, one in fields if not one.required}


@cache
def of_training() -> Layer:
    """The defaults of a `training` section."""
    place, lines = Path(recipe.__file__), _lines()
    return {
        f"{TRAINING}.{one.name}": Stated(one.default, Place(_shown(place), lines[one.name]), (TRAINING, one.name))
        for one in dataclasses.fields(recipe.Training)
    }


def _lines() -> dict[str, int]:
    """Where each field of Training is written."""
    tree = ast.parse(Path(recipe.__file__).read_text(encoding="utf-8"))
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.AnnAssign))
    return {ast.unparse(statement.target): statement.lineno for statement in statements}


def _shown(path: Path) -> str:
    """A file of the package as people know it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
