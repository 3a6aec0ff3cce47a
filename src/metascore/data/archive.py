"""Omniglot's two zip files: opened with distrust, checked in full, and only then handed on.

Nothing is unpacked to disk: drawings are read into memory, and decoded only if all have the known digest.
Data: Lake, Salakhutdinov and Tenenbaum (2015), github.com/brendenlake/omniglot.
"""

import hashlib
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from metascore.errors import UserError

MAXIMUM_DRAWING = 1 << 20  # bytes: Omniglot's largest drawing has 522
MAXIMUM_CONTENT = 64 << 20  # bytes of all files in one archive: Omniglot has 5 MB
MAXIMUM_ENTRIES = 100_000  # Omniglot has 19280 drawings in one archive, and their folders
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OSError, struct.error)


@dataclass(frozen=True)
class Part:
    """What one archive must contain: `listing` is the SHA-256 of the text that `listing_digest` describes."""

    name: str
    alphabets: int
    characters: int
    listing: str
    drawings: int = 20

    @property
    def folder(self) -> str:
        """The only folder in the archive."""
        return f"images_{self.name}"

    @property
    def archive(self) -> str:
        """The archive's file name."""
        return f"{self.folder}.zip"


OMNIGLOT = (
    Part("background", 30, 964, "deaa02f758afda524b3a045c7af40311f2d9ded3e2a39f715ece8470d474bc6a"),
    Part("evaluation", 20, 659, "3d5e035f27423c362bf9a181af649b43cda64c1008f842177ddc5203269c901e"),
)


def read_archive(path: Path, part: Part, origin: str = "") -> dict[str, bytes]:
    """Return the PNG files of one archive by their paths, sorted, after checking all of them.

    `origin` names the archive in errors (its address, where `path` is temporary). Raises UserError when the
    archive is damaged, dangerous or not what `part` describes, and OSError when it can't be opened.
    """
    with path.open("rb") as file:
        try:
            drawings = _read_drawings(file, part)
            _check_counts(drawings, part)
            _check_listing(drawings, part)
        except BROKEN as error:
            cure = "get a good copy of Omniglot's archive, and let OMNIGLOT_MIRROR name its folder"
            raise UserError(f"{origin or path}: {' '.join(str(error).split())}: {cure}") from error
    return drawings


def listing_digest(drawings: dict[str, bytes]) -> str:
    """Return the SHA-256 of one line a file, sorted by path: the file's SHA-256, two spaces, its path."""
    lines = (f"{hashlib.sha256(drawings[path]).hexdigest()}  {path}\n" for path in sorted(drawings))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _read_drawings(file: IO[bytes], part: Part) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        _check_entries(entries)
        wanted = sorted(entry.filename for entry in entries if _is_drawing(entry, part))
        if len(wanted) > len(set(wanted)):
            raise ValueError("holds two files of the same name")
        return {name: archive.read(name) for name in wanted}


def _is_drawing(entry: zipfile.ZipInfo, part: Part) -> bool:
    return entry.filename.startswith(f"{part.folder}/") and entry.filename.endswith(".png")


def _check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse what no honest copy contains, unread (zipfile decompresses no more than is declared)."""
    if len(entries) > MAXIMUM_ENTRIES or sum(entry.file_size for entry in entries) > MAXIMUM_CONTENT:
        raise ValueError(f"holds more than {MAXIMUM_ENTRIES} files or {MAXIMUM_CONTENT} bytes")
    for entry in entries:
        if _leaves_folder(entry):
            raise ValueError(f"entry {entry.filename!r} would leave the target folder")
        if entry.file_size > MAXIMUM_DRAWING or entry.compress_type not in COMPRESSIONS:
            raise ValueError(f"entry {entry.filename!r} is no drawing of Omniglot's")


def _leaves_folder(entry: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(entry.filename.replace("\\", "/"))
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    return name.is_absolute() or ".." in name.parts or re.match(r"[A-Za-z]:", entry.filename) is not None or is_link


def _check_counts(drawings: dict[str, bytes], part: Part) -> None:
    """Say what is missing in words, which the digest could not."""
    drawn = Counter(str(PurePosixPath(path).parent) for path in drawings)
    alphabets = {str(PurePosixPath(character).parent) for character in drawn}
    for character in _missing_characters(drawn):
        raise ValueError(f"{character} is missing")
    for character, count in sorted(drawn.items()):
        if count != part.drawings:
            raise ValueError(f"{character} has {count} drawings, not {part.drawings}")
    if (len(alphabets), len(drawn)) != (part.alphabets, part.characters):
        found = f"{len(alphabets)} alphabets and {len(drawn)} characters"
        raise ValueError(f"holds {found}, not {part.alphabets} and {part.characters}")


def _missing_characters(drawn: Counter[str]) -> Iterator[str]:
    """Characters of an alphabet are numbered from 01 without gaps."""
    for character in sorted(drawn):
        alphabet, _, number = character.rpartition("/character")
        before = f"{alphabet}/character{int(number) - 1:02d}" if number.isdecimal() else ""
        if before and not before.endswith("/character00") and before not in drawn:
            yield before


def _check_listing(drawings: dict[str, bytes], part: Part) -> None:
    digest = listing_digest(drawings)
    if digest != part.listing:
        raise ValueError(f"the listing of its drawings has the digest {digest}, not {part.listing}")
