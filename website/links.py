"""Translate links of the repository into links of the site."""

import os
import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
CODE = re.compile(r"(^```.*?^```)", re.DOTALL | re.MULTILINE)
ELSEWHERE = re.compile(r"^(\w+:|$)")  # an address, or an anchor on the same page


def rewritten(text: str, source: str, page: str, pages: Mapping[str, str], keep: Callable[[str], str | None]) -> str:
    """Return the text of `source`, a path in the repository, with the links of the page that it becomes.

    `pages` maps paths in the repository to pages. `keep` copies a file that is not a page and returns its place on the
    site, or None if the site does not have it; then only the words of the link are kept. A place that ends in `.html`
    is in the other language, which MkDocs does not know.
    """

    def replace(found: re.Match[str]) -> str:
        image, words, target, anchor = found.group(1), found.group(2), found.group(3), found.group(4) or ""
        if ELSEWHERE.match(target):
            return found.group(0)
        wanted = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        place = pages.get(wanted) or keep(wanted)
        words = LINK.sub(replace, words)
        if place is None:
            return words
        there = f"{os.path.relpath(place, PurePosixPath(page).parent)}{anchor}"
        return f'<a href="{there}">{words}</a>' if place.endswith(".html") else f"{image}[{words}]({there})"

    return "".join(part if part.startswith("```") else LINK.sub(replace, part) for part in CODE.split(text))
