"""Omniglot's two zip files, read into memory and verified.

Data: Lake, Salakhutdinov and Tenenbaum (2015), github.com/brendenlake/omniglot.
"""

import hashlib
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from metascore.errors import UserError

MAXIMUM_ARCHIVE = 64 << 20  # bytes of a zip file: Omniglot's larger one has 9 MB
MAXIMUM_DRAWING = 1 << 20  # bytes: Omniglot's largest drawing has 522
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile decompresses others without a bound
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, struct.error, NotImplementedError)


@dataclass(frozen=True)
class Part:
    """One of Omniglot's two archives: its number of drawings, and the SHA-256 digest of their listing."""

    name: str
    drawings: int
    listing: str

    @property
    def folder(self) -> str:
        """The only folder in the archive."""
        return f"images_{self.name}"

    @property
    def archive(self) -> str:
        """The archive's file name."""
        return f"{self.folder}.zip"


OMNIGLOT = (
    Part("background", 19280, "deaa02f758afda524b3a045c7af40311f2d9ded3e2a39f715ece8470d474bc6a"),
    Part("evaluation", 13180, "3d5e035f27423c362bf9a181af649b43cda64c1008f842177ddc5203269c901e"),
)


def read_archive(path: Path, part: Part) -> dict[str, bytes]:
    """Return the PNG files of one archive by their paths, sorted.

    The digest is that of the drawings' listing, because copies of Omniglot are zipped in different ways. Raises
    UserError when the archive is damaged or not what `part` describes, and OSError when it cannot be opened.
    """
    with path.open("rb") as file:
        try:
            drawings = _read_drawings(file, part)
            if listing_digest(drawings) != part.listing:
                raise ValueError(f"its {len(drawings)} drawings are not Omniglot's {part.drawings}")
        except BROKEN as error:
            cure = "get a good copy of Omniglot's archive, and let OMNIGLOT_MIRROR name its folder"
            raise UserError(f"{path}: {' '.join(str(error).split())}: {cure}") from error
    return drawings


def listing_digest(drawings: dict[str, bytes]) -> str:
    """Return the SHA-256 of one line a file, sorted by path: the file's SHA-256, two spaces, its path."""
    lines = (f"{hashlib.sha256(drawings[path]).hexdigest()}  {path}\n" for path in sorted(drawings))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _read_drawings(file: IO[bytes], part: Part) -> dict[str, bytes]:
    """Read the drawings without unpacking anything to disk; the sizes that an archive declares are not relied on."""
    if file.seek(0, 2) > MAXIMUM_ARCHIVE:
        raise ValueError(f"more than {MAXIMUM_ARCHIVE} bytes")
    with zipfile.ZipFile(file) as archive:
        entries = [one for one in archive.infolist() if one.filename.startswith(f"{part.folder}/")]
        wanted = {one.filename: one for one in entries if one.filename.endswith(".png")}
        if len(wanted) > part.drawings:
            raise ValueError(f"more than {part.drawings} drawings")
        return {name: _read_drawing(archive, wanted[name]) for name in sorted(wanted)}


def _read_drawing(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.compress_type not in COMPRESSIONS or entry.file_size > MAXIMUM_DRAWING:
        raise ValueError(f"{entry.filename!r} is not a drawing of Omniglot")
    with archive.open(entry) as file:
        return file.read(MAXIMUM_DRAWING)
