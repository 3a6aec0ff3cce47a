"""A hook of MkDocs: formulas become MathML, which browsers draw by themselves. No script, nothing from a network."""

import html
import re
from typing import Any

from latex2mathml.converter import convert

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
BLOCK = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.DOTALL)


def on_page_content(content: str, **others: Any) -> str:
    """The page with its formulas as MathML."""
    content = INLINE.sub(lambda found: convert(html.unescape(found.group(1))), content)
    return BLOCK.sub(_block, content)


def _block(found: re.Match[str]) -> str:
    """A formula of its own, which a reader with a narrow screen can move."""
    formula = convert(html.unescape(found.group(1)).strip(), display="block")
    return f'<div style="overflow-x: auto; overflow-y: hidden; margin: 1em 0">{formula}</div>'
