"""What a reproduction is compared with: digests of checkpoints, scores and metrics, and the machine they come from."""

from typing import Any

from metascore.config.params import Config
from metascore.files import sha256, write_json
from metascore.store.paths import Results


def write(config: Config, machines: list[dict[str, Any]], results: Results) -> list[str]:
    """Write digests.json: budget, machine (as the runs recorded it) and the SHA-256 of each file below `results`.

    Where runs come from machines that differ in a fact, all its values are listed. Returns the names of such facts.
    """
    values = {fact: _distinct([machine.get(fact) for machine in machines]) for fact in sorted(set().union(*machines))}
    runs = config.runs()
    files = [results.metrics, *(path for run in runs for path in (results.checkpoint(run), results.score(run)))]
    content = {
        "budget": config.budget,
        "machine": {fact: found[0] if len(found) == 1 else found for fact, found in values.items()},
        "files": {path.relative_to(results.folder).as_posix(): sha256(path) for path in files},
    }
    write_json(results.digests, content)
    return [fact for fact, found in values.items() if len(found) > 1]


def _distinct(values: list[Any]) -> list[Any]:
    return sorted(set(values), key=str)
