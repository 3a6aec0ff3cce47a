"""GPUs: which there are, and one of its own for each job. Must not import torch.

A job holds a device by a file lock. The lock goes with the process, however that ends.
"""

import contextlib
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
    """The identifiers (UUIDs) of the GPUs that `nvidia-smi -L` lists and CUDA_VISIBLE_DEVICES doesn't hide."""
    devices = _listed()
    chosen = os.environ.get(VARIABLE)
    if chosen is None:
        return devices
    found = (_named(token.strip(), devices) for token in chosen.split(","))
    return [device for device in itertools.takewhile(bool, found) if device]


def _listed() -> list[str]:
    try:
        answer = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return re.findall(r"^GPU \d+: .*\(UUID: (\S+)\)", answer.stdout, flags=re.MULTILINE)


def _named(token: str, devices: list[str]) -> str | None:
    """The device that an entry of CUDA_VISIBLE_DEVICES means: an index or the beginning of a UUID.

    CUDA ignores everything from the first entry that means no device.
    """
    if token.isdigit():
        return devices[int(token)] if int(token) < len(devices) else None
    return next((device for device in devices if token and device.startswith(token)), None)


@contextlib.contextmanager
def claimed(folder: Path | None = None) -> Iterator[str | None]:
    """Hold one GPU for this process alone, waiting for one if all are taken; None where there is none.

    Sets CUDA_VISIBLE_DEVICES, so enter it before the first CUDA call. `folder` holds the locks; it is the system's
    temporary folder, so that several checkouts of the project share the GPUs of a machine too.
    """
    devices = visible()
    if not devices:
        yield None
        return
    device, lock = _first_free(devices, folder or Path(tempfile.gettempdir()))
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = device
    try:
        yield device
    finally:
        lock.release()
        os.environ.pop(VARIABLE, None)
        if before is not None:
            os.environ[VARIABLE] = before


def _first_free(devices: list[str], folder: Path) -> tuple[str, FileLock]:
    while True:
        for device in devices:
            lock = FileLock(folder / f"metascore-{os.getuid()}-{device}.lock")
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=0)
                return device, lock
        time.sleep(SECONDS_BETWEEN_TRIES)
