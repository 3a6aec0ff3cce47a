"""A Chinese page says what the English one does, as far as a program can see: equations, tables from results, links."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
AT_THE_TOP = {"README.md": ROOT / "README.md", "contributing.md": ROOT / "CONTRIBUTING.md"}
PAGES = sorted(path.relative_to(DOCS / "zh").as_posix() for path in (DOCS / "zh").rglob("*.md"))
TRANSLATED = [page for page in PAGES if page in AT_THE_TOP or (DOCS / page).exists()]
EQUATIONS = re.compile(r"(?<=\n\n)(?:    .*\n)+")
MADE = re.compile(r"^<!-- made by make docs: (.*) -->$", re.MULTILINE)
FAMILIES = "learners"  # a table that the Chinese README has with Chinese names of families, and written by hand
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
PROGRAM = re.compile(r"(?:snakemake|dvc|metascore|make|python|pip|git|source) \S")
LINK = re.compile(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)")


def english(page: str) -> str:
    return AT_THE_TOP.get(page, DOCS / page).read_text(encoding="utf-8")


def chinese(page: str) -> str:
    return (DOCS / "zh" / page).read_text(encoding="utf-8")


def test_chinese_pages_of_learners_are_of_learners_that_are_there():
    names = {path.name for path in (DOCS / "zh/algorithms").glob("*.md")}
    assert names and names <= {path.name for path in (DOCS / "algorithms").glob("*.md")}


@pytest.mark.parametrize("page", TRANSLATED)
def test_a_translation_has_the_same_equations_and_tables(page):
    ours, theirs = chinese(page), english(page)
    assert EQUATIONS.findall(ours) == EQUATIONS.findall(theirs)
    assert MADE.findall(ours) == [words for words in MADE.findall(theirs) if words != FAMILIES]
    assert shape(ours) == shape(theirs)


def shape(page: str) -> dict[str, int]:
    """How many headings of each level a page has, and how many rows its tables have in all."""
    lines = FENCED.sub("", page).splitlines()
    return Counter(line.split()[0] if line.startswith("#") else "row" for line in lines if line.startswith(("#", "|")))


def test_every_page_is_translated():
    pages = {
        path.relative_to(DOCS).as_posix() for folder in ("", "algorithms") for path in (DOCS / folder).glob("*.md")
    }
    assert pages | set(AT_THE_TOP) == set(TRANSLATED)


@pytest.mark.parametrize("page", TRANSLATED)
def test_a_translation_has_the_same_commands(page):
    """Those in blocks, whatever is said beside them; the other page may have them in its text."""
    words = " ".join(chinese(page).split())
    assert not [command for command in commands(english(page)) if command not in words]
    assert not [command for command in commands(chinese(page)) if command not in " ".join(english(page).split())]


def commands(page: str) -> list[str]:
    """Lines of blocks that begin with the name of a program, without what follows a #."""
    lines = [line.partition(" #")[0].strip() for block in FENCED.findall(page) for line in block.splitlines()]
    return [line for line in lines if PROGRAM.match(line)]


def test_the_readme_has_a_link_to_every_page_of_a_learner():
    links = {Path(link).stem for link in LINK.findall(chinese("README.md")) if link.startswith("algorithms/")}
    assert links == {path.stem for path in (DOCS / "algorithms").glob("*.md")}


@pytest.mark.parametrize("page", PAGES)
def test_links_of_chinese_pages_lead_somewhere(page):
    folder = (DOCS / "zh" / page).parent
    assert not [link for link in LINK.findall(chinese(page)) if not (folder / link).exists()]


@pytest.mark.parametrize("page", PAGES)
def test_a_chinese_page_sends_its_reader_to_chinese_ones(page):
    folder = (DOCS / "zh" / page).parent
    english_ones = {(DOCS / one).resolve() for one in TRANSLATED if one != page}
    assert not [link for link in LINK.findall(chinese(page)) if (folder / link).resolve() in english_ones]
