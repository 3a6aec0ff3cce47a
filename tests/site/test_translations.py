"""A Chinese page says what the English one does, as far as a program can see: equations, tables from results, links."""

import re
from collections import Counter
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path.relative_to(DOCS / "zh").as_posix() for path in (DOCS / "zh").rglob("*.md"))
TRANSLATED = [page for page in PAGES if (DOCS / page).exists()]
EQUATIONS = re.compile(r"(?<=\n\n)(?:    .*\n)+")
MADE = re.compile(r"^<!-- made by make docs: (.*) -->$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)")


def text(*parts: str) -> str:
    return DOCS.joinpath(*parts).read_text(encoding="utf-8")


def test_chinese_pages_of_learners_are_of_learners_that_are_there():
    names = {path.name for path in (DOCS / "zh/algorithms").glob("*.md")}
    assert names and names <= {path.name for path in (DOCS / "algorithms").glob("*.md")}


@pytest.mark.parametrize("page", TRANSLATED)
def test_a_translation_has_the_same_equations_and_tables(page):
    ours, theirs = text("zh", page), text(page)
    assert EQUATIONS.findall(ours) == EQUATIONS.findall(theirs)
    assert MADE.findall(ours) == MADE.findall(theirs)
    assert shape(ours) == shape(theirs)


def shape(page: str) -> dict[str, int]:
    """How many headings of each level a page has, and how many rows its tables have in all."""
    lines = FENCED.sub("", page).splitlines()
    return Counter(line.split()[0] if line.startswith("#") else "row" for line in lines if line.startswith(("#", "|")))


def test_every_page_is_translated():
    pages = {
        path.relative_to(DOCS).as_posix() for folder in ("", "algorithms") for path in (DOCS / folder).glob("*.md")
    }
    assert pages == set(TRANSLATED)


@pytest.mark.parametrize("page", PAGES)
def test_links_of_chinese_pages_lead_somewhere(page):
    folder = (DOCS / "zh" / page).parent
    assert not [link for link in LINK.findall(text("zh", page)) if not (folder / link).exists()]
