"""Slurm's jobs: those that a dead workflow left behind, and what a job may see of its node. Must not import torch."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from metascore.orchestration.devices import VARIABLE as VISIBLE

PATIENCE = 60.0  # seconds for cancelled jobs to end: they are killed half a minute after they were asked
BETWEEN_LOOKS = 0.5  # seconds
OF_SNAKEMAKE = re.compile(r"(^|_)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")  # names of jobs: the run's number
GIVEN = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS")  # variables that name a job's GPUs


def end_orphans(folder: Path) -> list[str]:
    """Cancel the jobs that a workflow which is gone submitted from `folder`, and wait for their end; returns them.

    They would write what new jobs write, and have their snapshots. Ask only with the folder's lock in hand: then no
    other workflow's jobs can be meant.
    """
    orphans = _left(folder)
    if not orphans:
        return []
    subprocess.run(["scancel", *orphans], capture_output=True, check=False)
    deadline = time.monotonic() + PATIENCE
    while _left(folder) and time.monotonic() < deadline:
        time.sleep(BETWEEN_LOOKS)
    return orphans


def _left(folder: Path) -> list[str]:
    """The numbers of this user's jobs in Slurm's queue that Snakemake submitted from a folder; none without Slurm."""
    if shutil.which("squeue") is None:
        return []
    command = ["squeue", "--me", "--noheader", "--format=%i|%j|%Z"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    jobs = [line.strip().split("|", 2) for line in answer.splitlines() if line.count("|") >= 2]
    own = os.environ.get("SLURM_JOB_ID")
    return [
        number
        for number, name, place in jobs
        if number != own and OF_SNAKEMAKE.search(name) and Path(place).resolve() == folder.resolve()
    ]


def hidden_devices(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What hides a node's GPUs from a job that was given none of them: another job has them. Variables to set."""
    is_given = any(environment.get(name) for name in GIVEN)
    return {VISIBLE: ""} if "SLURM_JOB_ID" in environment and not is_given else {}
