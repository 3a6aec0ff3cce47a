"""Stage `train` as it is asked for: a run that ended unnoticed by the workflow is put back, not trained again."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from metascore.config.params import Config, Run
from metascore.errors import UsageError, UserError
from metascore.files import read_json
from metascore.orchestration import devices, finished
from metascore.stages import train
from metascore.store.paths import Results

log = logging.getLogger(__name__)


def run(config: Config, job: Run) -> None:
    """Write the files of a run, as `train.run` does, and keep copies of them until the workflow knows of them.

    Raises UsageError where another training serves this one too.
    """
    if (training := config.training_of(job)) != job:
        name = f"{training.task}/{training.learner}"
        raise UsageError(f"{job.task}/{job.learner}: is judged with what {name} learned: train that one")
    with devices.claimed():  # one GPU for all that follows
        _finish(config, job)


def _finish(config: Config, job: Run) -> None:
    results = Results.of(config)
    if _is_finished(config, job, finished.kept(results, job)):
        finished.put_back(results, job)
        log.info("%s/%s/%d: was finished before, and is put back", job.task, job.learner, job.seed)
        return
    train.run(config, job)
    finished.keep(results, job)


def _is_finished(config: Config, job: Run, copies: list[Path]) -> bool:
    """Whether these copies are of this very run, to the bit: all that determines it is the same, so is the machine."""
    if not copies:
        return False
    import torch

    from metascore.store import checkpoint
    from metascore.training import machine

    try:
        identity = checkpoint.load(copies[0], torch.device("cpu"), "the run starts anew")[1]
        wanted = train.identity_of(config, job, config.recipe(job.task, job.learner), machine.device())
        facts = machine.facts()
        return identity == json.loads(json.dumps(wanted)) and read_json(copies[-1]).get("machine") == facts
    except UserError as error:
        log.warning("%s", error)
        return False
