"""The learners' pages, as the report shows them: what a learner does, and where it departs from its paper.

They are docs/algorithms/*.md; that of a learner from another package lies beside its module.

Of a page the report leaves out the recipe and the measured results, since it has the run's own.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

from metascore.config import signatures

FOLDER = Path(__file__).parents[3] / "docs" / "algorithms"
DEPARTURES = "Departures from the paper"
LOCAL_LINK = re.compile(r"\[([^\]]*)\]\((?!https?://)[^)]*\)")  # to a file: no reader of the page has it


@dataclass(frozen=True)
class LearnerPage:
    """What the report shows of a page; both are HTML without anything that the page's author could have injected."""

    introduction: str
    departures: str


def read(learner: str, file: str, folder: Path = FOLDER) -> LearnerPage:
    """The page of an entry, or of the learner's file that it is a variant of; empty where neither has one."""
    introduction, departures = _parts(_text(learner, file, folder))
    return LearnerPage(_html(introduction), _html(departures))


def digest(learners: dict[str, str], folder: Path = FOLDER) -> str:
    """SHA-256 of all that `read` shows of these entries (with their files): the report is made anew when it changes."""
    shown = [_parts(_text(learner, file, folder)) for learner, file in sorted(learners.items())]
    return hashlib.sha256(repr(shown).encode()).hexdigest()


def _text(learner: str, file: str, folder: Path) -> str:
    candidates = [folder / f"{name}.md" for name in (learner, file)]
    if file in signatures.known():
        candidates.append(signatures.path_of(file).with_suffix(".md"))
    return next((path.read_text(encoding="utf-8") for path in candidates if path.is_file()), "")


def _parts(text: str) -> tuple[str, str]:
    """What stands before the first section, without the title; and the section on departures."""
    introduction, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    departures = [section.removeprefix(DEPARTURES) for section in sections if section.startswith(DEPARTURES)]
    return re.sub(r"\A# .*\n", "", introduction).strip(), "".join(departures).strip()


def _html(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": False}).render(LOCAL_LINK.sub(r"\1", markdown))
