"""Snapshots of a run in progress, in an ignored folder that no tool but the trainer touches."""

from __future__ import annotations

from pathlib import Path

import torch

from metascore.networks.tensors import Params
from metascore.store import checkpoint
from metascore.training.loop import Snapshot

FOLDER = Path(".rolling")


def save(path: Path, snapshot: Snapshot) -> None:
    """Write the state of a run in progress."""
    groups = {"params": snapshot.params, "best": snapshot.best, "optimiser": snapshot.optimiser}
    tensors = {f"{group}:{name}": value for group, items in groups.items() for name, value in items.items()}
    # Each best tensor may be the very tensor of `params`; the file needs storage of its own for both.
    tensors = {name: value.clone() for name, value in tensors.items()}
    facts = {
        "iteration": snapshot.iteration,
        "best_score": snapshot.best_score,
        "seconds": snapshot.seconds,
        "history": snapshot.history,
        "losses": snapshot.losses,
    }
    checkpoint.save(path, tensors, facts)


def load(path: Path, device: torch.device) -> Snapshot:
    """Read what `save` wrote."""
    tensors, facts = checkpoint.load(path, device, "it is passed over, and the run starts anew")
    groups: dict[str, Params] = {"params": {}, "best": {}, "optimiser": {}}
    for full, value in tensors.items():
        group, name = full.split(":", 1)
        # The step count of Adam stays on the CPU wherever the tensors are.
        groups[group][name] = value.cpu() if name.startswith("step/") else value
    return Snapshot(**(groups | facts))
