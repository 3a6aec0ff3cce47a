"""Fonts for letters that matplotlib's own font lacks, such as Chinese class names, from those that are installed."""

import logging
import re
from functools import cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

OWN = "DejaVu Sans"  # comes with matplotlib
LIKELY = re.compile(r"CJK|SourceHan|wqy|NotoSans(SC|TC|JP|KR)|PingFang|msyh|simhei|simsun|Unifont", re.IGNORECASE)
PACKAGE = "fonts-noto-cjk"  # of Debian and Ubuntu

log = logging.getLogger(__name__)


def complete(figure: Figure) -> None:
    """Give each text with letters outside DejaVu Sans the installed fonts that have them; warn if none has."""
    for text in figure.findobj(Text):
        missing = _letters(text.get_text()) - _covered(font_manager.findfont(OWN))
        if missing:
            text.set_fontfamily([OWN, *_families("".join(map(chr, sorted(missing))))])


def _letters(text: str) -> set[int]:
    return {ord(letter) for letter in text if letter.isprintable()}


@cache
def _families(letters: str) -> list[str]:
    """Names of installed fonts that together have these letters, the likeliest fonts first."""
    missing, found = _letters(letters), []
    for path in sorted(font_manager.findSystemFonts(), key=lambda path: (not LIKELY.search(Path(path).name), path)):
        if not missing:
            break
        if missing & _covered(path):
            missing -= _covered(path)
            font_manager.fontManager.addfont(path)
            found.append(FT2Font(path).family_name)
    if missing:
        unknown = "".join(map(chr, sorted(missing)))
        log.warning("no installed font has the letters %s of figures: install one, such as %s", unknown, PACKAGE)
    return found


@cache
def _covered(path: str) -> frozenset[int]:
    """The code points that a font has; none of a file that is no font."""
    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):
        return frozenset()
