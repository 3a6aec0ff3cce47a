"""The page itself: results, each task, tables, a card a learner, laid out by page.html.jinja."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import jinja2
import pandas as pd
from markupsafe import Markup

from metascore.report import interactive
from metascore.report.drawing import Drawing
from metascore.report.learner_pages import LearnerPage

TEMPLATE = Path(__file__).with_name("page.html.jinja")


@dataclass(frozen=True)
class Task:
    """The results of a task: the leader, the main table, the figures."""

    name: str
    title: str
    headline: str
    cells: pd.DataFrame
    drawings: Sequence[Drawing]


@dataclass(frozen=True)
class Card:
    """A learner: what it is, how it was trained, its results."""

    learner: str
    family: str
    citation: str
    page: LearnerPage
    settings: list[tuple[str, dict[str, object]]]  # tasks, and the learner's resolved recipe for these
    results: list[tuple[str, str, str, str]]  # task, rank, score and MetaScore, as text


@dataclass(frozen=True)
class Shown:
    """A table, and how to read it."""

    title: str
    reading: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class Report:
    """The content of the page."""

    warnings: list[str]  # without which its numbers mislead
    tasks: list[Task]
    reading: str
    facts: list[tuple[str, str]]
    notes: list[str]
    tables: list[Shown]
    cards: list[Card]
    commands: list[str]


def render(report: Report) -> str:
    """The page as HTML; everything in it is escaped except the output of itables and markdown-it."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters["address"] = address
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    tables = [(one, interactive.table(one.frame, f"table{k}")) for k, one in enumerate(report.tables)]
    return template.render(report=report, tables=tables, scripts=interactive.scripts()) + "\n"


def address(svg: bytes) -> Markup:
    """A drawing as an address that needs no network, for an attribute in single quotes."""
    # An address has no line ends. Browsers accept <, > and " in it; base64 would be a third longer.
    quoted = quote(svg.replace(b"\n", b" "), safe=' /:=;,.+()!*@?$|[]{}<>"')
    return Markup("data:image/svg+xml," + quoted)  # noqa: S704  ' and & are quoted: the attribute can not end in it
