"""The machine that a run computes on: its device, a fixed number of threads, an allocator that keeps its memory."""

from __future__ import annotations

import contextlib
import ctypes
import platform
from collections.abc import Iterator

import torch

from metascore import devices

THREADS = 1  # results must not depend on how many cores a machine has
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
KEPT_BYTES = 2**30


@contextlib.contextmanager
def prepared() -> Iterator[torch.device]:
    """A device of this process's own: a GPU where there is one, else the CPU. Same seed, same bits."""
    with devices.claimed():
        torch.set_num_threads(THREADS)
        torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms(True) would import a compiler
        _keep_freed_memory()
        yield device()


def device() -> torch.device:
    """The GPU where one is visible, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    """What tables print."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU ({platform.machine()})"


def _keep_freed_memory() -> None:
    """Large tensors come and go in every step: handing their pages back costs a third of a run's time."""
    if platform.system() == "Linux" and platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
