"""How many GPUs a run of the workflow asks for. Must not import torch."""

import os

from metascore.orchestration import devices

GPUS_A_RUN = "METASCORE_GPUS_A_RUN"  # environment variable: what the workflow decided for its jobs


def of_a_run(is_main: bool) -> int:
    """How many GPUs a run asks for: one where there are any, so that `--resources gpu=N` holds; else it would wait.

    The workflow decides by what it sees, and its jobs inherit that: a node that shows a GPU gives it to those only who
    asked for one. Profiles of clusters overrule both.
    """
    if is_main:
        os.environ[GPUS_A_RUN] = "1" if devices.visible() else "0"
    return int(os.environ.get(GPUS_A_RUN, "0"))
