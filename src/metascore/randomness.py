"""Randomness is an argument: one function makes an independent generator from a seed and a purpose."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def generator(seed: int, *purpose: str | int) -> torch.Generator:
    """A torch generator (on the CPU) whose stream no other (seed, purpose) shares."""
    import torch  # here, because drawing splits and episodes should not wait for torch

    return torch.Generator().manual_seed(_entropy(seed, purpose) >> 65)


def numpy_generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A NumPy generator whose stream no other (seed, purpose) shares."""
    return np.random.Generator(np.random.PCG64(_entropy(seed, purpose)))


def _entropy(seed: int, purpose: tuple[str | int, ...]) -> int:
    digest = hashlib.sha256(json.dumps([seed, *purpose]).encode()).digest()
    return int.from_bytes(digest[:16], "big")
