"""Results in git as a few files: all runs of a published budget.

The folder results/{budget}/packs has

- {learner}.safetensors: the checkpoints of one learner. Tensor `w` of task `t` and seed `s` is called `t/s/w`. The
  header has the metadata of each checkpoint, and for each task the seed that did best on validation episodes.
- runs.zip: all other files of all runs, under their names below results/{budget}. It isn't compressed, because git
  compresses it: a new run then adds its own bytes to git and no others.
- SHA256SUMS: the digests of these files, in the form that `sha256sum --check` reads.

Equal runs give equal bytes. Must not import torch, because Snakemake's main process unpacks.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_json, write, write_text
from metascore.store import digests
from metascore.store.paths import Results
from metascore.store.selection import best_seeds

RECORDS, CHECKPOINTS, SUMS = "runs.zip", "*.safetensors", "SHA256SUMS"
PARTS = ("training", "record", "score", "evaluation_record", "figure_data")  # of a run in RECORDS: methods of Results
NO_TIME = (1980, 1, 1, 0, 0, 0)  # of a file in a zip archive
WRITERS = 16  # files that are written at once: each write waits for the disk
LENGTH = 8  # bytes that hold the length of a safetensors file's header


def pack(config: Config) -> Path:
    """Write the packs of a budget from its runs and return their folder. Raises UserError where a run is missing."""
    results, trainings = Results.of(config), config.trainings()
    best, folder = best_seeds(config), folder_of(results.folder)
    # One training can serve several runs.
    records = dict.fromkeys(getattr(results, part)(run) for run in config.runs() for part in PARTS)
    files = {RECORDS: _zipped(results.folder, records)}
    for learner in dict.fromkeys(run.learner for run in trainings):
        runs = [run for run in trainings if run.learner == learner]
        seeds = {task: seed for (task, name), seed in best.items() if name == learner}
        files[f"{learner}.safetensors"] = _joined(results, runs, seeds)
    for name, content in files.items():
        write(folder / name, content)
    write_text(folder / SUMS, "".join(f"{_digest(content)}  {name}\n" for name, content in sorted(files.items())))
    for other in set(folder.iterdir()) - {folder / name for name in (*files, SUMS)}:
        other.unlink()
    return folder


def unpack(results: Path, packs: Iterable[Path] | None = None) -> list[Path]:
    """Write the packed files that are missing below results/{budget} and return them.

    Files that are there stay as they are. `packs` are some of the packs, by default all. Raises UserError where a pack
    is damaged.
    """
    written = []
    for one in all_packs(results) if packs is None else packs:
        missing = [name for name in _names(one) if not (results / name).exists()]
        content = _contents(one) if missing else {}
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda name, content=content: write(results / name, content[name]), missing))
        written += [results / name for name in missing]
    return written


def check(results: Path) -> None:
    """Check the results of a budget that are in git.

    Raises UserError where a pack is damaged or missing, or lacks the digests of digests.json; where a file below
    results/{budget} isn't what its pack has; and where metrics.json lacks its digest.
    """
    packed: dict[Path, bytes] = {}
    for one in _listed_packs(results):
        packed |= {results / name: content for name, content in _contents(one).items()}
    changed = [path for path, content in packed.items() if path.exists() and path.read_bytes() != content]
    _check_digests(Results(results), packed)
    if changed:
        raise UserError(
            f"{changed[0]}: differs from its pack (files that differ: {len(changed)}): delete them to restore what git "
            f"has, or run `metascore pack --budget {results.name}`"
        )


def _listed_packs(results: Path) -> list[Path]:
    """The packs that SHA256SUMS names, and those that are there."""
    sums = folder_of(results) / SUMS
    named = [line.split()[-1] for line in sums.read_text(encoding="utf-8").splitlines()] if sums.exists() else []
    return sorted({*all_packs(results), *(folder_of(results) / name for name in named)})


def _check_digests(results: Results, packed: dict[Path, bytes]) -> None:
    if not results.digests.exists():
        return
    found = packed | ({results.metrics: results.metrics.read_bytes()} if results.metrics.exists() else {})
    stated = read_json(results.digests)["files"]
    for path, content in found.items():
        digest = stated.get(path.relative_to(results.folder).as_posix())
        if digest not in (None, digests.of_bytes(content, path.suffix)):
            raise UserError(f"{path}: lacks its digest in {results.digests}: run `git checkout {results.folder}`")


def folder_of(results: Path) -> Path:
    """The folder of a budget's packs."""
    return results / "packs"


def all_packs(results: Path) -> list[Path]:
    """The packs of a budget. Empty where it has none."""
    folder = folder_of(results)
    return sorted([*folder.glob(RECORDS), *folder.glob(CHECKPOINTS)])


def best_checkpoints(pack: Path) -> dict[str, Path]:
    """The best checkpoint of a pack on each task: where it lies once it is unpacked."""
    results = pack.parent.parent
    with _readable(pack):
        best = _facts(pack.read_bytes())["best"]
    return {task: results / _place(f"{task}/{seed}", pack) for task, seed in best.items()}


def _zipped(folder: Path, files: Iterable[Path]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(files):
            archive.writestr(zipfile.ZipInfo(file.relative_to(folder).as_posix(), NO_TIME), _read(file))
    return content.getvalue()


def _joined(results: Results, runs: list[Run], best: dict[str, int]) -> bytes:
    """The checkpoints of these runs as one safetensors file."""
    tensors: dict[str, np.ndarray] = {}
    metadata: dict[str, Any] = {}
    for run in runs:
        content, training = _read(results.checkpoint(run)), f"{run.task}/{run.seed}"
        tensors |= {f"{training}/{name}": value for name, value in load(content).items()}
        metadata[training] = _metadata(content)
    return save(tensors, {"metascore": json.dumps({"best": best, "checkpoints": metadata}, sort_keys=True)})


def _names(pack: Path) -> list[str]:
    """The names of a pack's files below results/{budget}."""
    with _readable(pack):
        if pack.name == RECORDS:
            with zipfile.ZipFile(pack) as archive:
                return archive.namelist()
        return [_place(training, pack) for training in _facts(pack.read_bytes())["checkpoints"]]


def _contents(pack: Path) -> dict[str, bytes]:
    """The files of a pack, by their names below results/{budget}."""
    with _readable(pack):
        content = pack.read_bytes()
        sums = dict(line.split()[::-1] for line in pack.with_name(SUMS).read_text(encoding="utf-8").splitlines())
        if sums.get(pack.name) != _digest(content):
            raise ValueError(f"its digest is not the one in {SUMS}")
        if pack.name == RECORDS:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return {entry.filename: _read_entry(archive, entry) for entry in archive.infolist()}
        return {_place(training, pack): one for training, one in _split(content).items()}


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """A packed file. Raises ValueError where it is compressed, and so of any size, or lies outside the results."""
    first, *others = Path(entry.filename).parts
    if entry.compress_type != zipfile.ZIP_STORED or first not in ("runs", "scores") or ".." in others:
        raise ValueError(f"{entry.filename!r} is not a packed file")
    return archive.read(entry)


def _split(content: bytes) -> dict[str, bytes]:
    """The checkpoints in a safetensors file that `_joined` made, by task/seed."""
    metadata = _facts(content)["checkpoints"]
    tensors: dict[str, dict[str, np.ndarray]] = {training: {} for training in metadata}
    for full, value in load(content).items():
        task, seed, name = full.split("/", 2)
        tensors[f"{task}/{seed}"][name] = value
    return {training: save(tensors[training], metadata[training]) for training in metadata}


def _place(training: str, pack: Path) -> str:
    """The name of a checkpoint below results/{budget}; `training` is task/seed."""
    task, seed = training.split("/")
    return Results(Path()).checkpoint(Run(task, pack.stem, int(seed))).as_posix()


def _facts(content: bytes) -> dict[str, Any]:
    return dict(json.loads(_metadata(content)["metascore"]))


def _metadata(content: bytes) -> dict[str, str]:
    """The metadata in the header of a safetensors file."""
    return dict(json.loads(content[LENGTH : LENGTH + int.from_bytes(content[:LENGTH], "little")])["__metadata__"])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: {error.strerror}: run `snakemake` for this budget before you pack it") from error


@contextmanager
def _readable(pack: Path) -> Iterator[None]:
    """Every error of a pack that is damaged becomes one line."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{pack}: edited or damaged ({reason}): run `git checkout {pack.parent}`") from error
