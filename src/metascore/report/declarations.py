"""The declarations of figures and tables, read from their syntax trees: the workflow imports no matplotlib."""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

REPORT = Path(__file__).parent
PAGE = "The whole report as one page, with tables that sort and filter and a card a learner."


class Declaration(NamedTuple):
    """The name of a figure or table, which is its file's, its place among the others, and what it shows."""

    place: int
    name: str
    caption: str
    is_document: bool  # has sections: written as Markdown too
    is_paper: bool  # has PAPER: written as LaTeX too


def figures() -> list[Declaration]:
    """Every file in report/figures, in their order."""
    return _declared(REPORT / "figures")


def tables() -> list[Declaration]:
    """Every file in report/tables, in their order."""
    return _declared(REPORT / "tables")


@cache
def _declared(folder: Path) -> list[Declaration]:
    return sorted(
        _declaration(path) for path in folder.glob("*.py") if path.stem.isidentifier() and path.stem[0] != "_"
    )


def _declaration(path: Path) -> Declaration:
    body = ast.parse(path.read_text(encoding="utf-8")).body
    constants = {ast.unparse(one.targets[0]): one.value for one in body if isinstance(one, ast.Assign)}
    place, caption = (ast.literal_eval(constants[name]) for name in ("PLACE", "CAPTION"))
    functions = {one.name for one in body if isinstance(one, ast.FunctionDef)}
    return Declaration(place, path.stem, caption, "sections" in functions, "PAPER" in constants)
