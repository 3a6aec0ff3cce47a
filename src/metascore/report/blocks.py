"""Blocks of Markdown that a program writes, between two comments.

The first, <!-- made by make docs: scores omniglot_5w1s -->, names the content; the last is <!-- end -->.
"""

import re
from collections.abc import Callable

from metascore.errors import UserError

BEGIN = "<!-- made by make docs: "
END = "<!-- end -->"
BLOCK = re.compile(rf"^({re.escape(BEGIN)}(?P<words>[^\n]+?) -->)$.*?^({re.escape(END)})$", re.DOTALL | re.MULTILINE)


def filled(text: str, make: Callable[[list[str]], str], place: str) -> str:
    """The text, with the content of each block made from the words of its first line.

    Raises UserError, naming `place`, where a block has no end or unknown words.
    """
    found = [match.group(0) for match in BLOCK.finditer(text)]
    if len(found) != text.count(BEGIN) or any(block.count(BEGIN) != 1 for block in found):
        raise UserError(f"{place}: a block that begins with {BEGIN.strip()} has no {END} of its own: add the line")

    def content(match: re.Match[str]) -> str:
        try:
            return f"{match[1]}\n\n{make(match['words'].split())}\n\n{match[3]}"
        except (KeyError, TypeError) as error:
            raise UserError(f"{place}: unknown words `{match['words']}` ({error}): correct the block") from error

    return BLOCK.sub(content, text)
