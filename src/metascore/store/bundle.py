"""A learner's results as one file that others can check: a zip archive, read into memory.

Whoever reads one trusts nobody: names are of a fixed form, sizes are bounded before anything is read, nothing in it is
executed or unpickled, and every file must have the digest that the manifest states.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from metascore.config.params import Run
from metascore.errors import UserError
from metascore.files import write
from metascore.store.paths import Results

MANIFEST, LEARNER, FORMAT = "manifest.json", "learner.py", 1
PARTS = {  # of a run: name in the bundle, and the method of Results that has its place
    "checkpoint.safetensors": "checkpoint",
    "training.csv": "training",
    "run.json": "record",
    "scores.npy": "score",
    "judged.json": "evaluation_record",
}
NAME = re.compile(rf"(?:[a-z][a-z0-9_]*/\d{{1,10}}/(?:{'|'.join(map(re.escape, PARTS))})|learner\.py|manifest\.json)")
FACTS = {"format": int, "budget": str, "learner": str, "by": str, "licence": str, "recipes": dict, "files": dict}
ONE, ALL, COUNT = 32 * 2**20, 256 * 2**20, 2000  # bytes of a file, bytes of all, files
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that equal results are equal bytes
CURE = "ask whoever sent it for one that `metascore submit` made"


@dataclass(frozen=True)
class Bundle:
    """What was read."""

    path: Path
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]

    def runs(self) -> list[Run]:
        """The runs of which it has a file, in order."""
        places = {tuple(name.split("/")[:2]) for name in self.files if "/" in name}
        return [Run(task, self.manifest["learner"], int(seed)) for task, seed in sorted(places)]

    def lay_out(self, folder: Path) -> Results:
        """Write its files where the files of runs lie, below a folder of one's own."""
        results = Results(folder)
        for run in self.runs():
            for part, place in PARTS.items():
                content = self.files.get(f"{run.task}/{run.seed}/{part}")
                if content is None:
                    raise UserError(f"{self.path}: {run.task}/{run.seed}/{part} is missing: {CURE}")
                write(getattr(results, place)(run), content)
        return results


def pack(facts: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """A bundle of these files; `facts` are the manifest's, but for the digests."""
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    manifest = json.dumps({"format": FORMAT, **facts, "files": digests}, indent=1, sort_keys=True)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, one in sorted({**files, MANIFEST: manifest.encode()}.items()):
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), one, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def read(path: Path) -> Bundle:
    """Raises UserError where a file is no bundle, is too large, or was changed since it was made."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(path, archive.infolist())
            files = {entry.filename: _content(archive, entry) for entry in archive.infolist()}
        manifest = json.loads(files.pop(MANIFEST))
    except (OSError, KeyError, ValueError, RecursionError, NotImplementedError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not a bundle of results ({' '.join(str(error).split())}): {CURE}") from error
    _check_manifest(path, manifest)
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    stated = manifest["files"]
    changed = sorted(name for name in found.keys() | stated.keys() if found.get(name) != stated.get(name))
    if changed:
        raise UserError(f"{path}: {changed[0]} does not have the digest that the manifest states: {CURE}")
    return Bundle(path, manifest, files)


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Before anything is read."""
    names = [entry.filename for entry in entries]
    strange = [name for name in names if not NAME.fullmatch(name)]
    if strange:
        raise UserError(f"{path}: {strange[0]!r}: no name of a file of a bundle: {CURE}")
    if len(set(names)) < len(names):
        raise UserError(f"{path}: has two files of one name: {CURE}")
    sizes = [entry.file_size for entry in entries]
    if len(sizes) > COUNT or sum(sizes) > ALL or max(sizes, default=0) > ONE:
        raise UserError(f"{path}: larger than {COUNT} files, {ONE >> 20} MB each and {ALL >> 20} MB in all: {CURE}")


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Never more than was announced."""
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise ValueError(f"{entry.filename} is not as long as it says")
    return content


def _check_manifest(path: Path, manifest: Any) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UserError(f"{path}: its manifest is not of format {FORMAT}: {CURE}")
    for fact, kind in FACTS.items():
        if not isinstance(manifest.get(fact), kind) or manifest[fact] == "":
            raise UserError(f"{path}: its manifest does not state `{fact}`: {CURE}")
