"""Command submit: a learner's results at a budget, packed into one file that others can verify."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

from metascore.config import signatures
from metascore.config.params import Config, Run
from metascore.errors import UsageError, UserError
from metascore.files import write
from metascore.store import bundle
from metascore.store.paths import Results

log = logging.getLogger(__name__)


def run(config: Config, learner: str, licence: str, by: str, output: Path | None = None) -> None:
    """Write submissions/{budget}-{learner}.zip, or `output`.

    Raises UsageError where the learner has no runs at this budget, and UserError where one has not ended.
    """
    if not licence.strip() or not by.strip():
        raise UsageError("--licence and --by: say under which licence others may use the results, and who made them")
    runs = [one for one in config.runs() if one.learner == learner]
    if not runs:
        known = dict.fromkeys(one.learner for one in config.runs())
        raise UsageError(f"{learner}: has no runs at budget {config.budget}: one of {', '.join(known)}")
    source = signatures.path_of(config.entries[learner].file)
    files = {bundle.LEARNER: source.read_bytes()}
    for one in runs:
        files |= _files(Results.of(config), one)
    facts = {
        "budget": config.budget,
        "learner": learner,
        "by": by,
        "licence": licence,
        "recipes": {one.task: asdict(config.recipe(one.task, learner)) for one in runs},
    }
    content, path = bundle.pack(facts, files), output or Path("submissions") / f"{config.budget}-{learner}.zip"
    write(path, content)
    size = len(content) / 2**20
    log.info("%s: %d runs, %.1f MB: `metascore verify %s` says what others will find", path, len(runs), size, path)


def _files(results: Results, one: Run) -> dict[str, bytes]:
    """Of a run, by their names in the bundle."""
    places = {f"{one.task}/{one.seed}/{part}": getattr(results, place)(one) for part, place in bundle.PARTS.items()}
    missing = [path for path in places.values() if not path.is_file()]
    if missing:
        raise UserError(f"{missing[0]}: missing: run `snakemake` first, all seeds of all tasks belong into a bundle")
    return {name: path.read_bytes() for name, path in places.items()}
