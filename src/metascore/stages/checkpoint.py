"""Checkpoints as safetensors files: tensors by name, metadata as strings. No pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from metascore.errors import UserError
from metascore.files import atomic_path
from metascore.networks import Params
from metascore.params import Run

RUNS = Path("results/runs")


def folder(job: Run) -> Path:
    """Where a run's files lie."""
    return RUNS / job.task / job.learner / str(job.seed)


def save(path: Path, tensors: Params, metadata: dict[str, Any]) -> None:
    """Write tensors and metadata (any JSON values)."""
    cpu = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(cpu, temporary, {"metascore": json.dumps(metadata, sort_keys=True)})


def load(path: Path, device: torch.device, cure: str) -> tuple[Params, dict[str, Any]]:
    """Tensors and metadata. Raises UserError when the file is missing or damaged."""
    try:
        with safe_open(path, "pt", str(device)) as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
            return tensors, json.loads(file.metadata()["metascore"])
    except (OSError, SafetensorError, TypeError, KeyError, ValueError) as error:
        raise UserError(f"{path}: not a checkpoint ({error}): {cure}") from error
