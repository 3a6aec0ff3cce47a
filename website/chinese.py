"""Join the lines of Chinese text, because a browser shows a line break as a space."""

import re

CODE = re.compile(r"(^```.*?^```)", re.DOTALL | re.MULTILINE)
WIDE = r"[\u2014\u2018-\u201d\u2026\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"  # characters and their punctuation
BREAK = re.compile(rf"(?<={WIDE})\n *(?=\[*{WIDE})|(?<=[、，。；：（])\n *(?=\[)")
HEADING = re.compile(r"^#+ .*\n(?!\n)", re.MULTILINE)


def joined(text: str) -> str:
    """Markdown whose paragraphs have no break between two wide characters; code stays as it is."""
    return "".join(part if part.startswith("```") else _joined(part) for part in CODE.split(text))


def _joined(text: str) -> str:
    """Join the lines; put an empty line after each heading."""
    return BREAK.sub("", HEADING.sub(lambda found: f"{found.group(0)}\n", text))
