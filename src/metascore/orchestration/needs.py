"""What a run asks a machine for. Must not import torch."""

import os
from typing import Any

from metascore.training import devices

GPUS_A_RUN = "METASCORE_GPUS_A_RUN"  # environment variable: what the workflow decided for its jobs
MEGABYTES = 2000  # of memory a run: training and fine-tuning peak near 900 on a CPU, and CUDA maps as much again


def gpus(is_main: bool) -> int:
    """How many GPUs a run asks for: one where there are any, so that `--resources gpu=N` holds; else it would wait.

    The workflow decides by what it sees, and its jobs inherit that: a node that shows a GPU gives it to those only who
    asked for one. Profiles of clusters overrule both.
    """
    if is_main:
        os.environ[GPUS_A_RUN] = "1" if devices.visible() else "0"
    return int(os.environ.get(GPUS_A_RUN, "0"))


def memory(wildcards: Any, attempt: int) -> int:
    """Megabytes of memory for a run's step: those of a second and third attempt are two and three times as many."""
    return MEGABYTES * attempt
