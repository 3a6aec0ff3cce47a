"""A hook of MkDocs: formulas become MathML, which browsers draw without a script."""

import html
import re
from typing import Any

from latex2mathml.converter import convert

INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.DOTALL)
BAR = re.compile(r'<mover>((?:(?!<mover>).)*?)<mo accent="true">&#x02015;</mo></mover>', re.DOTALL)
PRIME = re.compile(r"<msup>((?:(?!<msup>).)*?)<mi>&#x02032;</mi></msup>")
BLOCK = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.DOTALL)


def on_page_content(content: str, **others: Any) -> str:
    """The page with its formulas as MathML."""
    content = INLINE.sub(lambda found: _drawn(found.group(1), "inline"), content)
    return BLOCK.sub(_block, content)


def _block(found: re.Match[str]) -> str:
    """A displayed formula, which scrolls on a narrow screen."""
    formula = _drawn(found.group(1), "block")
    return f'<div style="overflow-x: auto; overflow-y: hidden; padding: 0.5em 0">{formula}</div>'


def _drawn(formula: str, display: str) -> str:
    """A formula as MathML.

    A bar is a border, because few fonts have one that stretches. A prime is not a superscript: its glyph is raised.
    """
    drawn = convert(html.unescape(formula).strip(), display=display)
    drawn = PRIME.sub(r'<mrow>\1<mo lspace="0" rspace="0">&#x02032;</mo></mrow>', drawn)
    return BAR.sub(r'<mrow style="border-top: thin solid; padding-top: 0.15em">\1</mrow>', drawn)
