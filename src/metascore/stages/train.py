"""Stage `train`: meta-train one learner on one task, seed by seed.

A run in progress leaves its snapshots in an ignored folder, under a digest of its key and the machine: the same command
goes on from there to the same bits, and no two processes work on one run. A seed whose files are there with the right
key is not trained again.
"""

from __future__ import annotations

import logging
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import safetensors
import torch

import metascore
from metascore.config.params import Config, Run
from metascore.errors import UsageError, UserError
from metascore.files import write_json, write_rows
from metascore.learners import base
from metascore.randomness import generator
from metascore.store import checkpoint, inputs, run_key, snapshots
from metascore.store.paths import DATA, TRAINING_COLUMNS, Results
from metascore.store.run_key import Key
from metascore.training import devices, machine
from metascore.training.loop import Snapshot, TrainingRun, beginning, meta_train
from metascore.training.progress import Progress

SECONDS_BETWEEN_SNAPSHOTS = 10.0
SECONDS_TO_WAIT = 10.0  # for another process to leave the run: one whose workflow was killed is about to end

log = logging.getLogger(__name__)


def run(config: Config, jobs: Sequence[Run]) -> None:
    """Write results/{budget}/runs/{task}/{learner}/{seed}/: checkpoint.safetensors, training.csv and run.json.

    `jobs` are the seeds of one task and learner. Where one of them fails, the others are trained all the same.
    Raises UserError for the first that failed.
    """
    results = Results.of(config)
    waiting = [job for job in jobs if not _is_done(config, results, job)]
    if not waiting:
        return
    with devices.claimed(), machine.prepared() as device:
        failures = list(filter(None, [_failure(config, job, device) for job in waiting]))
        for failure in failures[1:]:
            log.error("%s", failure)
        if failures:
            raise failures[0]
        for job in jobs:  # only now: where a job fails, Snakemake puts back the files that it would have replaced
            _snapshot_of(run_key.training_key(config, job), device).unlink(missing_ok=True)


def _is_done(config: Config, results: Results, job: Run) -> bool:
    training = config.training_of(job)
    if training != job:
        name = f"{training.task}/{training.learner}"
        raise UsageError(f"{job.task}/{job.learner}: uses the training of {name}: train that one")
    found = run_key.difference(run_key.stored_training_key(results, job), run_key.training_key(config, job))
    if found is None:
        log.info("%s: is done", _name(job))
    return found is None


def _failure(config: Config, job: Run, device: torch.device) -> UserError | None:
    try:
        _run(config, job, device)
    except UserError as error:
        return error
    return None


def _run(config: Config, job: Run, device: torch.device) -> None:
    key = run_key.with_inputs(run_key.training_key(config, job))
    setting = setting_of(config, job, device)
    results, rolling = Results.of(config), _snapshot_of(key, device)
    rolling.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(rolling.with_name("lock"), timeout=SECONDS_TO_WAIT):
            snapshot = _train(results, job, setting, rolling, device)
            _write(config, job, setting, snapshot, key)
    except filelock.Timeout as error:
        raise UserError(f"{_name(job)}: another process is training this run: wait for it, or end it") from error


def _snapshot_of(key: Key, device: torch.device) -> Path:
    """Where a run in progress leaves its last snapshot."""
    name = run_key.digest({**key, "device": device.type, "machine": machine.facts()})
    return snapshots.FOLDER / name / "snapshot.safetensors"


def setting_of(config: Config, job: Run, device: torch.device) -> TrainingRun:
    """What a run trains, and on what."""
    recipe = config.recipe(job.task, job.learner)
    files = inputs.sized(config.training_files(job.task, job.learner))
    learner, validation_learner = (base.load(recipe.learner, file.problem, recipe.hyper_parameters) for file in files)
    episodes, validation = inputs.read_episodes(files, device)
    return TrainingRun(learner, validation_learner, episodes, validation, recipe.training, job.seed)


def _train(results: Results, job: Run, setting: TrainingRun, path: Path, device: torch.device) -> Snapshot:
    """Train to the end, from the rolling snapshot if there is one."""
    snapshot = _beginning(job, setting, path, device)
    progress = Progress(_name(job), setting.recipe.iterations, snapshot.iteration)
    try:
        for reached in meta_train(setting, snapshot, _every(SECONDS_BETWEEN_SNAPSHOTS)):
            snapshot = reached
            snapshots.save(path, snapshot)
            if not snapshot.losses:  # all are in the history: it has been validated
                _grow(results, job, snapshot)
                progress.show(snapshot.iteration, snapshot.history[-1])
    except UserError as error:
        raise UserError(f"{_name(job)}: {error}") from error
    return snapshot


def _beginning(job: Run, setting: TrainingRun, path: Path, device: torch.device) -> Snapshot:
    """Where to start: at the rolling snapshot, if there is a good one."""
    if path.exists():
        try:
            snapshot = snapshots.load(path, device)
            log.info("%s: going on from iteration %d", _name(job), snapshot.iteration)
            return snapshot
        except UserError as error:
            log.warning("%s: %s", _name(job), error)
    return beginning(setting.learner, generator(job.seed, "initial parameters"), device)


def _grow(results: Results, job: Run, snapshot: Snapshot) -> None:
    """Let plots see training.csv grow; files of a run that finished before stay together until the end."""
    if not results.record(job).exists():
        write_rows(results.training(job), TRAINING_COLUMNS, snapshot.history)


def _every(seconds: float) -> Callable[[], bool]:
    """A function that says whether so much time has passed since it last said so."""
    last = time.monotonic()

    def is_time() -> bool:
        nonlocal last
        if time.monotonic() < last + seconds:
            return False
        last = time.monotonic()
        return True

    return is_time


def _write(config: Config, job: Run, setting: TrainingRun, snapshot: Snapshot, key: Key) -> None:
    """The three files of a finished run; run.json comes last and so marks the run as complete."""
    results = Results.of(config)
    tensors, metadata = setting.learner.checkpointed(snapshot.best), metadata_of(config, job, key)
    checkpoint.save(results.checkpoint(job), tensors, metadata)
    write_rows(results.training(job), TRAINING_COLUMNS, snapshot.history)
    write_json(results.record(job), _record(job, setting, snapshot, key))


def metadata_of(config: Config, job: Run, key: Key) -> dict[str, Any]:
    """What a checkpoint states beside its tensors: all that predicting needs, and where the tensors come from.

    Its length decides where the tensors begin in the file and, once they are mapped from it, which vector instructions
    work on them. Scores of runs that were published with as long a text agree to the bit for this reason.
    """
    problem = config.tasks[job.task].sized(DATA)
    return {
        **asdict(job),
        "recipe": asdict(config.recipe(job.task, job.learner)),
        "problem": {"kind": problem.name} | asdict(problem),
        "key": run_key.digest(key),
        "inputs": key["inputs"],
        "device": machine.device().type,
        "torch": torch.__version__,
    }


def _record(job: Run, setting: TrainingRun, snapshot: Snapshot, key: Key) -> dict[str, Any]:
    tasks = setting.recipe.iterations * setting.recipe.meta_batch
    return {
        "seed": job.seed,
        "device": machine.device_name(),
        "threads": machine.THREADS,
        "machine": machine.facts(),
        "seconds": round(snapshot.seconds, 3),
        "tasks_per_second": round(tasks / snapshot.seconds, 3) if tasks else 0.0,
        "iterations": snapshot.iteration,
        "tasks": tasks,
        "parameters": sum(value.numel() for value in base.learned(snapshot.params).values()),
        "versions": {
            "metascore": metascore.__version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "safetensors": safetensors.__version__,
        },
        "axes": setting.validation_learner.axes(),
        "key": key,
    }


def _name(job: Run) -> str:
    return f"{job.task}/{job.learner}/{job.seed}"
