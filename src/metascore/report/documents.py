r"""Documents of tables in two languages: Markdown, and LaTeX for \input (needs the package booktabs)."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "–": "--"}
LATEX |= {"−": "$-$", "∞": r"$\infty$"} | {character: f"\\{character}" for character in "&%$#_{}"}
MARKDOWN = re.compile(r"([\\`*\[\]<>|$~]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_]))")  # an underscore in a word is text


class Paper(NamedTuple):
    """How LaTeX shows a section: a label, a caption of one sentence, some columns, and the best row of some of them."""

    label: str
    caption: str
    columns: Sequence[str]
    best: Mapping[str, int]


class Section(NamedTuple):
    """A titled table whose cells are text; `paper` is None where papers do not show it."""

    title: str
    cells: pd.DataFrame
    paper: Paper | None = None


class Document(NamedTuple):
    """A title, paragraphs, sections, and notes after them. All is plain text, and none of it is parsed."""

    title: str
    preamble: Sequence[str]
    sections: Sequence[Section]
    notes: Sequence[str] = ()


def markdown(document: Document) -> str:
    """Headings, paragraphs, pipe tables and a list of notes."""
    parts = [f"# {plain(document.title)}", *map(plain, document.preamble)]
    for section in document.sections:
        parts += [f"## {plain(section.title)}", pipes(section.cells.map(plain).rename(columns=plain))]
    if document.notes:
        parts += ["## Notes", "\n".join(f"- {plain(note)}" for note in document.notes)]
    return "\n\n".join(parts) + "\n"


def latex(document: Document) -> str:
    r"""A table environment for each section that papers show."""
    tables = [_floating(one.cells, one.paper) for one in document.sections if one.paper]
    return "\n".join([f"% {_line(document.title)}: needs the package booktabs", *tables])


def pipes(cells: pd.DataFrame) -> str:
    """A Markdown table of cells that are Markdown."""
    lines = [list(cells.columns), ["---"] * len(cells.columns), *cells.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(text: str) -> str:
    """Text as Markdown that shows it as it is, in one line."""
    return MARKDOWN.sub(r"\\\1", _line(text))


def escape(text: str) -> str:
    """Text as LaTeX that prints it as it is, in one line."""
    return "".join(LATEX.get(character, character) for character in _line(text))


def _line(text: str) -> str:
    return " ".join(text.split())


def _floating(cells: pd.DataFrame, paper: Paper) -> str:
    shown = {name: [escape(cell) for cell in cells[name]] for name in paper.columns}
    for name, row in paper.best.items():
        shown[name][row] = rf"\textbf{{{shown[name][row]}}}"
    lines = [
        r"\begin{table}",
        rf"\caption{{{escape(paper.caption)}}}",
        rf"\label{{tab:{re.sub('[^A-Za-z0-9]+', '-', paper.label)}}}",
        rf"\begin{{tabular}}{{{'l' * len(shown)}}}",
        r"\toprule",
        " & ".join(map(escape, shown)) + r" \\",
        r"\midrule",
        *(" & ".join(row) + r" \\" for row in zip(*shown.values(), strict=True)),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"
