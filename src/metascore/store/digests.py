"""What a reproduction is compared with: digests of checkpoints, scores and metrics, and the machine they come from."""

from pathlib import Path
from typing import Any

from metascore.config.params import Config, Run
from metascore.files import sha256, write_json


def write(config: Config, machines: list[dict[str, Any]], results: Path) -> list[str]:
    """Write digests.json: budget, machine (as the runs recorded it) and the SHA-256 of each file below `results`.

    Where runs come from machines that differ in a fact, all its values are listed. Returns the names of such facts.
    """
    values = {fact: _distinct([machine.get(fact) for machine in machines]) for fact in sorted(set().union(*machines))}
    files = [Path("metrics.json"), *(path for run in config.runs() for path in _files(run))]
    content = {
        "budget": config.budget,
        "machine": {fact: found[0] if len(found) == 1 else found for fact, found in values.items()},
        "files": {path.as_posix(): sha256(results / path) for path in files},
    }
    write_json(results / "digests.json", content)
    return [fact for fact, found in values.items() if len(found) > 1]


def _distinct(values: list[Any]) -> list[Any]:
    return sorted(set(values), key=str)


def _files(run: Run) -> list[Path]:
    name = Path(run.task) / run.learner / str(run.seed)
    return [Path("runs") / name / "checkpoint.safetensors", Path("scores") / f"{name}.npy"]
