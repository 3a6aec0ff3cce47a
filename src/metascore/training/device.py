"""The device that a process computes on: a CUDA GPU, Apple's GPU (mps), or the CPU."""

from __future__ import annotations

import os
import platform

import torch

from metascore.errors import UsageError

VARIABLE = "METASCORE_DEVICE"  # environment variable that overrules the choice: cpu, cuda, cuda:1, mps


def chosen() -> torch.device:
    """The device that METASCORE_DEVICE names, else a GPU where there is one. Raises UsageError for a missing one."""
    named = os.environ.get(VARIABLE)
    if named:
        return _named(named)
    return next((torch.device(kind) for kind in ("cuda", "mps") if _is_there(kind)), torch.device("cpu"))


def name(device: torch.device) -> str:
    """What tables call the device."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{'Apple GPU' if device.type == 'mps' else 'CPU'} ({platform.machine()})"


def finish(device: torch.device) -> None:
    """Wait until the device has done what it was asked for."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _named(text: str) -> torch.device:
    try:
        device = torch.device(text)
    except RuntimeError as error:
        raise UsageError(f"{VARIABLE}={text}: not a device: write cpu, cuda, cuda:1 or mps") from error
    if not _is_there(device.type) or (device.index or 0) >= _count(device.type):
        raise UsageError(f"{VARIABLE}={text}: this torch sees no such device here: unset it, or write cpu")
    return device


def _is_there(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_available()
    return kind == "cpu" or (kind == "mps" and torch.backends.mps.is_available())


def _count(kind: str) -> int:
    return torch.cuda.device_count() if kind == "cuda" else 1
