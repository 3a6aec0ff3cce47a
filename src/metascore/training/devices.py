"""GPUs: which there are, and one of its own for each process, by a file lock. Must not import torch."""

import contextlib
import importlib.metadata
import itertools
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

SECONDS_BETWEEN_TRIES = 1.0
VARIABLE = "CUDA_VISIBLE_DEVICES"


def visible() -> list[str]:
    """The UUIDs of the GPUs that `nvidia-smi -L` lists and CUDA_VISIBLE_DEVICES (indices, UUIDs) does not hide.

    CUDA ignores everything from the first entry that names no GPU.
    """
    devices, chosen = _listed(), os.environ.get(VARIABLE)
    if chosen is None:
        return devices
    known = {str(index): device for index, device in enumerate(devices)} | {device: device for device in devices}
    return list(itertools.takewhile(bool, (known.get(token.strip(), "") for token in chosen.split(","))))


@contextlib.contextmanager
def claimed() -> Iterator[str | None]:
    """Hold one GPU for this process alone, waiting for one if all are taken; None where there is none.

    Sets CUDA_VISIBLE_DEVICES, so enter it before the first use of CUDA; a claim inside another one has the same GPU.
    The locks lie in the system's temporary folder: several checkouts of the project share the GPUs of a machine.
    """
    devices, before = visible(), os.environ.get(VARIABLE)
    if not devices:
        yield None
        return
    device, lock = _first_free(devices)
    os.environ[VARIABLE] = device
    try:
        yield device
    finally:
        lock.release()
        os.environ.pop(VARIABLE)
        os.environ.update({VARIABLE: before} if before is not None else {})


def _first_free(devices: list[str]) -> tuple[str, FileLock]:
    while True:
        for device in devices:
            name = f"metascore-{os.getuid()}-{device}.lock"
            lock = FileLock(Path(tempfile.gettempdir()) / name, is_singleton=True)
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=0)
                return device, lock
        time.sleep(SECONDS_BETWEEN_TRIES)


def _listed() -> list[str]:
    if "+cpu" in importlib.metadata.version("torch"):  # jobs would take turns for a GPU that they cannot use
        return []
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return re.findall(r"^GPU \d+: .*\(UUID: (\S+)\)", answer.stdout, flags=re.MULTILINE)
