"""Links between the pages of the repository hold."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("start", "guides", "reference", "algorithms", "how_it_works")
PAGES = [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / "docs" / folder).glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_hold(page):
    missing = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if not (page.parent / link).exists()]
    assert not missing
