"""A folder of pictures as a data set: each folder that holds pictures is a class, the folder around it its group.

Nothing is taken for granted: links may lead elsewhere, files may be no pictures. What is left out is named; what would
make results wrong is an error.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from metascore.data.pictures import SUFFIXES
from metascore.errors import UserError

LEFT_BY_SYSTEMS = ("__MACOSX", "Thumbs.db", "desktop.ini")  # beside hidden files


@dataclass(frozen=True)
class Class:
    """A class and its picture files, by name."""

    name: str  # its folder, relative to the data set's, such as Greek/alpha
    files: tuple[Path, ...]

    @property
    def group(self) -> str:
        """The folder around it, such as Greek; nothing where classes lie side by side."""
        group = str(PurePosixPath(self.name).parent)
        return "" if group == "." else group


@dataclass(frozen=True)
class Listing:
    """What a folder holds: its classes by name, and files that are left out, with the reason."""

    classes: tuple[Class, ...]
    left_out: tuple[tuple[Path, str], ...]

    @property
    def files(self) -> list[Path]:
        """All picture files, class by class."""
        return [file for one in self.classes for file in one.files]


def listed(folder: Path) -> Listing:
    """Raises UserError where there is no class, or where classes could be confused."""
    root = Path(os.path.realpath(folder))
    if not root.is_dir():
        raise UserError(f"{folder}: no such folder: correct data.*.path, which starts from the project's folder")
    found: dict[PurePosixPath, list[Path]] = {}
    left_out: list[tuple[Path, str]] = []
    for path in _walk(root, root, left_out):
        found.setdefault(PurePosixPath(*path.relative_to(root).parts[:-1]), []).append(path)
    left_out += [(path, "in no class's folder") for path in found.pop(PurePosixPath(), [])]
    _check(folder, root, found)
    ordered = sorted(found, key=lambda place: place.parts)
    return Listing(tuple(Class(_name(place), tuple(sorted(found[place]))) for place in ordered), tuple(left_out))


def fingerprint(files: Iterable[Path], folder: Path) -> str:
    """A digest of names, sizes and times of files: while it is the same, nobody has to read them again."""
    digest, root = hashlib.sha256(), Path(os.path.realpath(folder))
    for path in files:
        status = path.stat()
        digest.update(f"{path.relative_to(root)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="replace"))
    return digest.hexdigest()


def _walk(folder: Path, root: Path, left_out: list[tuple[Path, str]]) -> Iterator[Path]:
    """The picture files below a folder; what else is there goes to `left_out`."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}: make the folder readable") from error
    for entry in entries:
        path, reason = Path(entry.path), _reason(entry, root)
        if reason:
            left_out.append((path, reason))
        elif _is_hidden(entry.name):
            continue
        elif entry.is_dir():
            yield from _walk(path, root, left_out)
        else:
            yield path


def _reason(entry: os.DirEntry[str], root: Path) -> str | None:
    """Why an entry that is not hidden is left out; None where it isn't."""
    if _is_hidden(entry.name):
        return None
    if entry.is_symlink():
        if not Path(os.path.realpath(entry.path)).is_relative_to(root):
            return "a link that leaves the folder"
        if entry.is_dir():
            return "a link to a folder that is read anyway"
    if entry.is_dir():
        return None
    if not entry.is_file():
        return "no file"
    return None if Path(entry.name).suffix.lower() in SUFFIXES else "no picture"


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name in LEFT_BY_SYSTEMS


def _check(folder: Path, root: Path, found: Mapping[PurePosixPath, list[Path]]) -> None:
    """Classes that a reader, another system or a table could confuse."""
    if not found:
        raise UserError(f"{folder}: no class: give it a folder of pictures for each class ({', '.join(SUFFIXES)})")
    for place in found:
        if not all(part.isprintable() for part in place.parts):
            raise UserError(f"{str(root / place)!r}: a name that cannot be printed: rename the folder")
        around = next((one for one in place.parents if one in found), None)
        if around is not None:
            raise UserError(f"{root / around}: has pictures and the class {place.name}: a class has pictures only")
    same = Counter(_folded(place) for place in found)
    twice = [place for place in found if same[_folded(place)] > 1]
    if twice:
        other = next(one for one in twice[1:] if _folded(one) == _folded(twice[0]))
        raise UserError(f"{root / twice[0]}: differs from {other} in case or accents' coding only: rename one")


def _folded(place: PurePosixPath) -> str:
    return _name(place).casefold()


def _name(place: PurePosixPath) -> str:
    """As people write it: letters with accents have one coding."""
    return unicodedata.normalize("NFC", str(place))
