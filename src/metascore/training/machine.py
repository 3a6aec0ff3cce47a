"""The machine that a run computes on: its device, a fixed number of threads, an allocator that keeps its memory."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from metascore.errors import OUT_OF_MEMORY, UserError

THREADS = 1  # results must not depend on how many cores a machine has
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
KEPT_BYTES = 2**30


@contextlib.contextmanager
def prepared() -> Iterator[torch.device]:
    """The GPU that this process holds (see `devices`), else the CPU. Same seed, same bits."""
    torch.set_num_threads(THREADS)
    _repeat_bits()
    _keep_freed_memory()
    _leave_the_compiler_out()
    with _memory_in_one_line():
        yield device()


def _repeat_bits() -> None:
    """Only algorithms that give the same bits each time, in full precision."""
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms(True) would import a compiler
    # Each tensor would be filled with NaN before its first use: 2 to 5 % of a meta-step, for the same bits.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    if torch.cuda.is_available():
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may choose between two orders
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False


def device() -> torch.device:
    """The GPU where one is visible, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def clock() -> Callable[[], float]:
    """What the seconds of a training are read from: the processor's time, which no other process lengthens.

    With a GPU they are those that pass.
    """
    return time.process_time if device().type == "cpu" else time.perf_counter


def device_name() -> str:
    """What tables print."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU ({platform.machine()})"


def facts() -> dict[str, Any]:
    """What the bits of a run depend on beside its code, parameters and data."""
    return {
        "device": device_name(),
        "processor": _processor(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": THREADS,
        "torch": torch.__version__,
    }


def _processor() -> str:
    """The CPU's name: libraries choose their kernels by it."""
    listed = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.+)$", listed.read_text(), re.MULTILINE) if listed.exists() else None
    return named[1] if named else platform.processor()


@contextlib.contextmanager
def _memory_in_one_line() -> Iterator[None]:
    """Say what to do where memory runs out; torch has no exception of its own for that on a CPU."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        said = " ".join(str(error).split())
        if not isinstance(error, MemoryError) and not re.search(OUT_OF_MEMORY, said):
            raise
        cure = "lower training.chunk_size or width in params.yaml, or run fewer jobs at once (--cores)"
        raise UserError(f"out of memory ({said[:200]}): {cure}, and run the same command again") from error


class _Compiler:
    """torch._dynamo for those who only want to know that compiled autograd is off; for others the real one."""

    compiled_autograd = SimpleNamespace(_disable=contextlib.nullcontext)

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("torch._dynamo"), name)


def _leave_the_compiler_out() -> None:
    """torch.func.grad switches compiled autograd off, which is off, and imports the whole compiler for it: a second."""
    if "torch._dynamo" not in sys.modules:
        vars(torch)["_dynamo"] = _Compiler()


def _keep_freed_memory() -> None:
    """Large tensors come and go in every step: handing their pages back costs a third of a run's time."""
    if platform.system() == "Linux" and platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
