r"""Documents of tables in two languages: Markdown, and LaTeX for \input (booktabs, graphicx)."""

import re
from typing import NamedTuple

import pandas as pd

ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "±": r"$\pm$", "–": "--"}
ESCAPES |= {character: f"\\{character}" for character in "&%$#_{}"}


class Section(NamedTuple):
    """A titled table whose cells are text."""

    title: str
    cells: pd.DataFrame


class Document(NamedTuple):
    """A title, paragraphs (in which **this** is bold), and sections."""

    title: str
    preamble: list[str]
    sections: list[Section]


def markdown(document: Document) -> str:
    """Headings, paragraphs and pipe tables."""
    parts = [f"# {document.title}", *document.preamble]
    for title, cells in document.sections:
        parts += [f"## {title}", pipes(cells)]
    return "\n\n".join(parts) + "\n"


def latex(document: Document) -> str:
    r"""A table environment a section, as wide as the line; the preamble is in every caption, so no table goes without.

    A document that has it by \input needs the packages booktabs and graphicx.
    """
    tables = [_floating(section, document.preamble) for section in document.sections]
    return "\n".join([f"% {document.title}: needs the packages booktabs and graphicx", *tables])


def pipes(cells: pd.DataFrame) -> str:
    """A Markdown table of cells that are text."""
    lines = [list(cells.columns), ["---"] * len(cells.columns), *cells.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def escape(text: str) -> str:
    """Text as LaTeX prints it; **this** becomes bold."""
    escaped = "".join(ESCAPES.get(character, character) for character in text)
    return re.sub(r"\*\*(.+?)\*\*", r"\\textbf{\1}", escaped)


def _floating(section: Section, preamble: list[str]) -> str:
    title, cells = section
    rows = [" & ".join(map(escape, row)) + r" \\" for row in cells.to_numpy().tolist()]
    caption = " ".join([f"{escape(title)}.", *map(escape, preamble)])
    lines = [
        r"\begin{table}",
        rf"\caption{{{caption}}}",
        r"\resizebox{\linewidth}{!}{%",
        rf"\begin{{tabular}}{{{'l' * len(cells.columns)}}}",
        r"\toprule",
        " & ".join(map(escape, cells.columns)) + r" \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"
