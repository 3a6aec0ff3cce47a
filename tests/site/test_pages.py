"""Links of all pages hold; Chinese pages have the equations, measured tables and commands of the English pages."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS / "zh").as_posix() for path in (DOCS / "zh").rglob("*.md"))
EVERYTHING = [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *DOCS.rglob("*.py")]
EQUATIONS = re.compile(r"(?<=\n\n)(?:    .*\n)+")
MADE = re.compile(r"^<!-- made by make docs: (.*) -->$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
PROGRAM = re.compile(r"(?:snakemake|dvc|metascore|make|python|pip|git|source) \S")
LINK = re.compile(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)")
FAMILIES = "learners"  # a table of English words, which the Chinese page has as a list


def english(page: str) -> str:
    return (ROOT / page if page == "README.md" else DOCS / page).read_text(encoding="utf-8")


def chinese(page: str) -> str:
    return (DOCS / "zh" / page).read_text(encoding="utf-8")


def commands(page: str) -> list[str]:
    """The lines of code blocks that begin with a program's name, without comments."""
    lines = [line.partition(" #")[0].strip() for block in FENCED.findall(page) for line in block.splitlines()]
    return [line for line in lines if PROGRAM.match(line)]


@pytest.mark.parametrize("page", PAGES)
def test_a_chinese_page_has_the_equations_tables_and_commands_of_the_english_one(page):
    ours, theirs = chinese(page), english(page)
    assert EQUATIONS.findall(ours) == EQUATIONS.findall(theirs)
    assert MADE.findall(ours) == [words for words in MADE.findall(theirs) if words != FAMILIES]
    assert set(commands(ours)) <= set(commands(theirs))


@pytest.mark.parametrize("page", PAGES)
def test_a_chinese_page_links_to_chinese_pages(page):
    translated = {(DOCS / other).resolve() for other in PAGES if other != page}
    assert not translated & {((DOCS / "zh" / page).parent / link).resolve() for link in LINK.findall(chinese(page))}


@pytest.mark.parametrize("page", EVERYTHING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_hold(page):
    assert not [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
