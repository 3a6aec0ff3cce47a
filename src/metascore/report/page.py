"""The page itself: facts, warnings, figures, tables and a card a learner, laid out by page.html.jinja."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import jinja2
import pandas as pd
from markupsafe import Markup

from metascore.report import interactive
from metascore.report.learner_pages import LearnerPage

TEMPLATE = Path(__file__).with_name("page.html.jinja")


@dataclass(frozen=True)
class Drawing:
    """A figure, and the sentence under it."""

    name: str
    caption: str
    svg: bytes

    @property
    def address(self) -> Markup:
        """The figure as an address that needs no network, for an attribute in single quotes."""
        # A line's end, which an address can't have, says no more than a space. Browsers take <, > and " in an address
        # as they are, and they are a tenth of a drawing; base64 would be a third longer.
        quoted = quote(self.svg.replace(b"\n", b" "), safe=' /:=;,.+()!*@?$|[]{}<>"')
        return Markup("data:image/svg+xml," + quoted)  # noqa: S704  an attribute can't end in it: ' and & are quoted


@dataclass(frozen=True)
class Card:
    """A learner: what it is, how it was trained, what came out."""

    learner: str
    family: str
    citation: str
    page: LearnerPage
    settings: list[tuple[str, dict[str, object]]]  # tasks, and what params.yaml says of the learner for these
    results: list[tuple[str, str, str, str]]  # task, rank, score and MetaScore, as text


@dataclass(frozen=True)
class Shown:
    """A table, and how to read it."""

    title: str
    reading: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class Report:
    """All that the page says."""

    headline: str
    warnings: list[str]
    facts: list[tuple[str, str]]
    drawings: list[Drawing]
    tables: list[Shown]
    cards: list[Card]
    commands: list[str]


def render(report: Report) -> str:
    """The page as HTML; everything in it is escaped but what itables and markdown-it have made."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    tables = [(one, interactive.table(one.frame, f"table{k}")) for k, one in enumerate(report.tables)]
    return template.render(report=report, tables=tables, scripts=interactive.scripts()) + "\n"
