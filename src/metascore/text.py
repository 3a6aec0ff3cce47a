"""Names that users gave to files, folders and classes: one coding, and safe to print and to write into tables."""

import unicodedata

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for the beginning of a formula


def normalised(name: str) -> str:
    """Return a name with one code for each accented letter (Unicode NFC): file systems and editors differ."""
    return unicodedata.normalize("NFC", name)


def printable(name: str) -> str:
    """Return a name with escapes, as repr writes them, for control characters and for bytes that are no letters."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in name)


def cell(name: str) -> str:
    """Return a name as a spreadsheet shows it: one that would be a formula begins with an apostrophe."""
    name = printable(name)
    return f"'{name}" if name.startswith(FORMULA) else name
