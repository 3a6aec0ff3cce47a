"""The introduction of a learner's page and its departures from the paper, as the report shows them.

Pages are docs/algorithms/*.md; the page of a learner from another package is beside its module.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from metascore.config import signatures

FOLDER = Path(__file__).parents[3] / "docs" / "algorithms"
DEPARTURES = "Departures from the paper"
LOCAL_LINK = re.compile(r"\[([^\]]*)\]\((?!https?://)[^)]*\)")  # to a file, which readers of the report do not have


@dataclass(frozen=True)
class LearnerPage:
    """Two parts of a page as HTML, in which HTML of the page itself is escaped."""

    introduction: str
    departures: str


def read(learner: str, file: str, folder: Path = FOLDER) -> LearnerPage:
    """The page of an entry, or else of its learner's file; empty where neither has one."""
    introduction, departures = _parts(_text(learner, file, folder))
    return LearnerPage(_html(introduction), _html(departures))


def digest(learners: dict[str, str], folder: Path = FOLDER) -> str:
    """SHA-256 of the parts that `read` returns for these entries (with their files)."""
    shown = [_parts(_text(learner, file, folder)) for learner, file in sorted(learners.items())]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def _text(learner: str, file: str, folder: Path) -> str:
    candidates = [folder / f"{name}.md" for name in (learner, file)]
    if file in signatures.known():
        candidates.append(signatures.path_of(file).with_suffix(".md"))
    return next((path.read_text(encoding="utf-8") for path in candidates if path.is_file()), "")


def _parts(text: str) -> tuple[str, str]:
    """The text before the first section, without the title; and the section on departures."""
    introduction, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    departures = [section.removeprefix(DEPARTURES) for section in sections if section.startswith(DEPARTURES)]
    return re.sub(r"\A# .*\n", "", introduction).strip(), "".join(departures).strip()


def _html(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": False}).render(LOCAL_LINK.sub(r"\1", markdown))
