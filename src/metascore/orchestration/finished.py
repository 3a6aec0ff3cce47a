"""What meta-training finished and the workflow doesn't know of yet: kept, so that it is not trained again.

Snakemake deletes the outputs of a job that it takes for unfinished: one that ran out of its time just after its last
file, or whose workflow was killed before it noticed the end. So a run's files are copied when it ends, into the ignored
folder of the snapshots, and put back if the same run is asked for again. They go as soon as Snakemake has recorded
the originals.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from metascore.config.params import Run
from metascore.files import write
from metascore.orchestration import places
from metascore.store.paths import Results

FOLDER = ".rolling/finished"


def keep(results: Results, job: Run) -> None:
    """Copy the files of a run that has just ended; run.json comes last and so marks the copy as complete."""
    shutil.rmtree(_folder(results, job), ignore_errors=True)
    for path in _files(results, job):
        write(_folder(results, job) / path.name, path.read_bytes())


def kept(results: Results, job: Run) -> list[Path]:
    """The copies of a run's files: checkpoint, learning curve, record; none where they are not complete."""
    copies = [_folder(results, job) / path.name for path in _files(results, job)]
    return copies if all(path.exists() for path in copies) else []


def put_back(results: Results, job: Run) -> None:
    """Copy them to where the run's files belong."""
    for copy, path in zip(kept(results, job), _files(results, job), strict=True):
        write(path, copy.read_bytes())


def forget(results: Results, runs: Iterable[Run], is_recorded: Callable[[str], bool]) -> None:
    """Remove the copies of the runs whose files Snakemake has recorded."""
    for job in runs:
        folder = _folder(results, job)
        if folder.exists() and all(is_recorded(str(path)) for path in _files(results, job)):
            shutil.rmtree(folder, ignore_errors=True)


def _files(results: Results, job: Run) -> list[Path]:
    return [results.checkpoint(job), results.training(job), results.record(job)]


def _folder(results: Results, job: Run) -> Path:
    return places.folder() / FOLDER / results.folder.name / job.task / job.learner / str(job.seed)
