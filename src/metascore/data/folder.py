"""A folder of pictures as a data set: each folder with pictures is a class, and the folder around it its group.

Files that are left out are named with the reason. What would make results wrong is an error.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from metascore.data.pictures import SUFFIXES, is_picture
from metascore.errors import UserError
from metascore.text import normalised, printable

LEFT_BY_SYSTEMS = frozenset({  # in small letters; names that begin with a dot are hidden anyway
    "__macosx", "network trash folder", "temporary items", "icon\r",  # macOS
    "$recycle.bin", "recycler", "recycled", "system volume information", "found.000", "found.001",
    "thumbs.db", "ehthumbs.db", "desktop.ini", "$extend", "$windows.~bt", "$windows.~ws", "$winreagent",  # Windows
    "lost+found", "lost.dir", "__pycache__", "node_modules", "cvs",  # Linux, Android and tools
    "@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "@sharebin",
    "@synoeastream", "@__thumb", "~snapshot",  # NAS
})  # fmt: skip


@dataclass(frozen=True)
class Class:
    """A class and its picture files, by name."""

    name: str  # its folder, relative to the data set's, such as Greek/alpha
    files: tuple[Path, ...]

    @property
    def group(self) -> str:
        """The folder around it, such as Greek; empty where classes lie side by side."""
        group = str(PurePosixPath(self.name).parent)
        return "" if group == "." else group


@dataclass(frozen=True)
class Listing:
    """The classes of a folder by name, and the files that are left out, with the reason."""

    classes: tuple[Class, ...]
    left_out: tuple[tuple[Path, str], ...]

    @property
    def files(self) -> list[Path]:
        """All picture files, class by class."""
        return [file for one in self.classes for file in one.files]


def listed(folder: Path) -> Listing:
    """List the classes of a folder. Raises UserError where there is none, or where two could be confused."""
    root = Path(os.path.realpath(folder))
    if not root.is_dir():
        raise UserError(f"{folder}: no such folder: correct data.*.path, which starts from the project's folder")
    left_out: list[tuple[Path, str]] = []
    found: dict[PurePosixPath, list[Path]] = {}
    for path in walk(root, root, left_out):
        found.setdefault(PurePosixPath(*path.relative_to(root).parts[:-1]), []).append(path)
    left_out += [(path, "in no class's folder") for path in found.pop(PurePosixPath(), [])]
    _check(folder, root, found)
    ordered = sorted(found, key=lambda place: place.parts)
    classes = (Class(normalised(str(place)), tuple(sorted(found[place]))) for place in ordered)
    return Listing(tuple(classes), tuple(left_out))


def fingerprint(files: Iterable[Path], folder: Path) -> str:
    """Return a digest of the names, sizes and times of files: while it is the same, they need not be read again."""
    digest, root = hashlib.sha256(), Path(os.path.realpath(folder))
    for path in files:
        status = path.stat()
        digest.update(f"{path.relative_to(root)}\0{status.st_size}\0{status.st_mtime_ns}\n".encode(errors="replace"))
    return digest.hexdigest()


def walk(folder: Path, root: Path, left_out: list[tuple[Path, str]]) -> Iterator[Path]:
    """Yield the picture files below a folder; other files, and links out of `root`, are appended to `left_out`."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}: make the folder readable") from error
    for entry in entries:
        if entry.name.startswith(".") or entry.name.casefold() in LEFT_BY_SYSTEMS:
            continue
        path, reason = Path(entry.path), _reason(entry, root)
        if reason:
            left_out.append((path, reason))
        elif entry.is_dir():
            yield from walk(path, root, left_out)
        else:
            yield path


def _reason(entry: os.DirEntry[str], root: Path) -> str | None:
    """Return why an entry is left out; None where it is a folder or a picture."""
    if entry.is_symlink():
        if not Path(os.path.realpath(entry.path)).is_relative_to(root):
            return "a link that leaves the folder"
        if entry.is_dir():
            return "a link to a folder that is read anyway"
    if entry.is_dir():
        return None
    if not entry.is_file():
        return "no file"
    return None if is_picture(Path(entry.path)) else "no picture"


def _check(folder: Path, root: Path, found: Mapping[PurePosixPath, list[Path]]) -> None:
    """Refuse classes that a reader, another file system or a table could confuse."""
    if not found:
        raise UserError(f"{folder}: no class: give it a folder of pictures for each class ({', '.join(SUFFIXES)})")
    for place in found:
        _check_name(root / place, str(place))
        around = next((one for one in place.parents if one in found), None)
        if around is not None:
            raise UserError(f"{root / around}: has pictures and the class {place.name}: a class has pictures only")
    same = Counter(map(_folded, found))
    twice = [place for place in found if same[_folded(place)] > 1]
    if twice:
        other = next(one for one in twice[1:] if _folded(one) == _folded(twice[0]))
        raise UserError(f"{root / twice[0]}: differs from {other} in case or accents' coding only: rename one")


def _check_name(path: Path, name: str) -> None:
    if name.isprintable():
        return
    if sys.getfilesystemencoding() != "utf-8" and any("\udc80" <= one <= "\udcff" for one in name):
        raise UserError(
            f"{printable(str(path))}: this locale cannot read the name: set the environment variable PYTHONUTF8=1"
        )
    raise UserError(f"{printable(str(path))}: a name that cannot be printed: rename the folder")


def _folded(place: PurePosixPath) -> str:
    return normalised(str(place)).casefold()
