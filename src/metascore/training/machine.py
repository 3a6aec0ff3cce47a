"""The process that computes: its device, one thread, deterministic algorithms, an allocator that keeps memory."""

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

from metascore.errors import UserError
from metascore.training.chunk_size import is_out_of_memory
from metascore.training.device import chosen, name

THREADS = 1  # results must not depend on how many cores a machine has
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's mallopt
KEPT_BYTES = 2**30


@contextlib.contextmanager
def prepared() -> Iterator[torch.device]:
    """Yields the device: the GPU that this process holds (see training.devices), else the CPU.

    Inside, the same seed gives the same bits. On leaving, torch has the settings that it had before. Raises UserError
    where memory runs out.
    """
    with _one_thread(), _deterministic(), _without_the_compiler(), _out_of_memory_in_one_line():
        _keep_freed_memory()
        yield device()


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _deterministic() -> Iterator[None]:
    """Only algorithms that give the same bits each time, in full precision."""
    memory: Any = torch.utils.deterministic
    before = torch.get_deterministic_debug_mode(), memory.fill_uninitialized_memory
    if torch.cuda.is_available():
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without it cuBLAS may choose between two orders
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.set_deterministic_debug_mode("error")  # use_deterministic_algorithms(True) would import a compiler
    # Filling each tensor with NaN before its first use takes 2 to 5 % of a meta-step and changes no bit.
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before[0])
        memory.fill_uninitialized_memory = before[1]


def device() -> torch.device:
    """See `training.device`."""
    return chosen()


def clock() -> Callable[[], float]:
    """The clock that times a training, in seconds: processor time on a CPU, wall-clock time with a GPU.

    Other processes do not lengthen processor time.
    """
    return time.process_time if device().type == "cpu" else time.perf_counter


def device_name() -> str:
    """The name of the device, as tables print it."""
    return name(device())


def facts() -> dict[str, Any]:
    """What the bits of a run depend on beside code, parameters and data."""
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
def _out_of_memory_in_one_line() -> Iterator[None]:
    """Raises UserError with a cure where memory runs out; on a CPU torch raises RuntimeError then."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        message = " ".join(str(error).split())
        if not is_out_of_memory(error):
            raise
        cure = "set training.chunk_size to `auto` or less in params.yaml, or run fewer jobs at once (--cores)"
        raise UserError(f"out of memory ({message[:200]}): {cure}, and run the same command again") from error


class _Compiler:
    """Stands in for torch._dynamo: compiled autograd is off. Any other attribute imports the real module."""

    compiled_autograd = SimpleNamespace(_disable=contextlib.nullcontext)

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("torch._dynamo"), name)


@contextlib.contextmanager
def _without_the_compiler() -> Iterator[None]:
    """Saves a second: torch.func.grad imports the whole compiler in order to switch compiled autograd off."""
    if "_dynamo" in vars(torch):
        yield
        return
    stand_in = _Compiler()
    vars(torch)["_dynamo"] = stand_in
    try:
        yield
    finally:
        if vars(torch).get("_dynamo") is stand_in:
            del vars(torch)["_dynamo"]
        if "torch._dynamo" in sys.modules:
            vars(torch)["_dynamo"] = sys.modules["torch._dynamo"]


def _keep_freed_memory() -> None:
    """For the rest of the process. Returning the pages of large tensors in every step takes a third of a run's time."""
    if platform.system() == "Linux" and platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)
