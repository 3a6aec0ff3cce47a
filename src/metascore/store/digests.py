"""Digests of checkpoints, scores and metrics, with which a reproduction is compared, and the machine that made them.

The digest of a checkpoint is that of its tensors, without its metadata.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import sha256, write_json
from metascore.store import report_key
from metascore.store.paths import Results

HEADER = 8  # bytes that say how long the description of the tensors is


def write(config: Config, machines: list[dict[str, Any]], results: Results) -> list[str]:
    """Write digests.json: budget, machine (as the runs recorded it) and the digest of each file below `results`.

    The machine stays that of the former file where another one has reproduced its digests. Where runs come from
    machines that differ in a fact, all its values are listed. Returns the names of such facts.
    """
    values = {fact: _distinct([machine.get(fact) for machine in machines]) for fact in sorted(set().union(*machines))}
    runs = config.runs()
    files = [results.metrics, *(path for run in runs for path in (results.checkpoint(run), results.score(run)))]
    content = {
        "budget": config.budget,
        "machine": {fact: found[0] if len(found) == 1 else found for fact, found in values.items()},
        "report": report_key.of(config, results),
        "files": {path.relative_to(results.folder).as_posix(): of_content(path) for path in files},
    }
    former = _former(results.digests)
    if former.get("files") == content["files"]:
        content["machine"] = former["machine"]
    write_json(results.digests, content)
    return [fact for fact, found in values.items() if len(found) > 1]


def _former(path: Path) -> dict[str, Any]:
    """The digests that are there; empty where the file is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def of_content(path: Path) -> str:
    """The SHA-256 of a file; of a checkpoint that of its tensors, with their names, types and shapes."""
    return of_tensors(path) if path.suffix == ".safetensors" else sha256(path)


def of_bytes(content: bytes, suffix: str) -> str:
    """The same for the bytes of a file with this suffix. Raises ValueError where a checkpoint is none."""
    return _of_tensors(content) if suffix == ".safetensors" else hashlib.sha256(content).hexdigest()


def of_tensors(path: Path) -> str:
    """SHA-256 over the tensors of a safetensors file. Raises UserError where it is none."""
    try:
        return _of_tensors(path.read_bytes())
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"{path}: not a checkpoint ({error}): delete it and run `snakemake`") from error


def _of_tensors(content: bytes) -> str:
    end = HEADER + int.from_bytes(content[:HEADER], "little")
    header = json.loads(content[HEADER:end])
    header.pop("__metadata__", None)
    described = json.dumps(header, sort_keys=True).encode()
    return hashlib.sha256(described + content[end:]).hexdigest()


def _distinct(values: list[Any]) -> list[Any]:
    return sorted(set(values), key=str)
