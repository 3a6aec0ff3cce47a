"""Slurm's jobs: those that a killed workflow left behind, and the GPUs that a job may see. Must not import torch."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from metascore.training.devices import VARIABLE

PATIENCE = 60.0  # seconds for cancelled jobs to end: Slurm kills them half a minute after it asked
SECONDS_BETWEEN_LOOKS = 0.5
OF_SNAKEMAKE = re.compile(r"(^|_)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")  # names of jobs: the workflow's number
OF_GPUS = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS")  # variables that name a job's GPUs


def end_orphans(folder: Path) -> list[str]:
    """Cancel the jobs that a killed workflow submitted from `folder`, wait for their end, and return their numbers.

    They would write the same files as new jobs. Call it with the folder's lock in hand: then no other workflow runs.
    """
    orphans = _queued(folder)
    if orphans:
        subprocess.run(["scancel", *orphans], capture_output=True, check=False)
    deadline = time.monotonic() + PATIENCE
    while orphans and _queued(folder) and time.monotonic() < deadline:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return orphans


def hide_gpus_of_others() -> None:
    """Hide a node's GPUs from a job that was given none of them."""
    if "SLURM_JOB_ID" in os.environ and not any(map(os.environ.get, OF_GPUS)):
        os.environ[VARIABLE] = ""


def _queued(folder: Path) -> list[str]:
    """The numbers of this user's jobs that Snakemake submitted from a folder; none without Slurm."""
    if shutil.which("squeue") is None:
        return []
    command = ["squeue", "--me", "--noheader", "--format=%i|%j|%Z"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    jobs = [line.strip().split("|", 2) for line in answer.splitlines() if line.count("|") >= 2]
    own = os.environ.get("SLURM_JOB_ID")
    return [
        number
        for number, name, place in jobs
        if number != own and OF_SNAKEMAKE.search(name) and Path(place).resolve() == folder.resolve()
    ]
