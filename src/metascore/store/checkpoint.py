"""Checkpoints as safetensors files: tensors by name, metadata as strings, a digest of both. No pickle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as as_bytes

from metascore.errors import UserError
from metascore.files import write
from metascore.networks.tensors import Params


def save(path: Path, tensors: Params, metadata: dict[str, Any]) -> None:
    """Write tensors and metadata (any JSON values)."""
    cpu = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    content = {"metadata": metadata, "sha256": _digest(cpu, metadata)}
    # One entry only: safetensors writes several in no fixed order.
    write(path, as_bytes(cpu, {"metascore": json.dumps(content, sort_keys=True)}))


def load(path: Path, device: torch.device, cure: str) -> tuple[Params, dict[str, Any]]:
    """Tensors and metadata. Raises UserError when the file is missing or damaged."""
    try:
        with safe_open(path, "pt", "cpu") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  not a dict
            content = json.loads(file.metadata()["metascore"])
        if not isinstance(content["metadata"], dict):
            raise ValueError("its metadata are not a dictionary")
        if content["sha256"] != _digest(tensors, content["metadata"]):
            raise ValueError("its bytes don't have the digest that they were saved with")
        return {name: value.to(device) for name, value in tensors.items()}, content["metadata"]
    except (OSError, SafetensorError, TypeError, KeyError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: not a checkpoint ({' '.join(str(error).split())}): {cure}") from error


def _digest(tensors: Params, metadata: dict[str, Any]) -> str:
    """SHA-256 over metadata, names, types, shapes and values."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, value in sorted(tensors.items()):
        digest.update(f"\n{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
