"""GPUs that are listed and that torch cannot use, since it was built without CUDA or for a newer driver.

Asked at every start of a workflow, so it must not import torch.
"""

from __future__ import annotations

import ctypes
import importlib.util
import re
from pathlib import Path

DRIVER = "libcuda.so.1"
PER_MAJOR_VERSION = 1000  # the driver says 12040 for CUDA 12.4


def why_unusable() -> str | None:
    """Why torch can use no NVIDIA GPU here, None if it can where there is one."""
    built, driver = _cuda_of_torch(), _cuda_of_driver()
    if built is None:
        return "this torch was built without CUDA"
    if driver is None or driver < int(built.split(".")[0]):
        return f"this torch is for CUDA {built}, the driver for {driver or 'none'}"
    return None


def _cuda_of_torch() -> str | None:
    """The version of CUDA that torch was built for."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    written = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    found = re.search(r"^cuda\b[^=]*= *['\"]([\d.]+)['\"]", written, flags=re.MULTILINE)
    return found[1] if found else None


def _cuda_of_driver() -> int | None:
    """The latest major version of CUDA that the driver can serve: minor ones don't matter since CUDA 11."""
    version = ctypes.c_int(0)
    try:
        failed = ctypes.CDLL(DRIVER).cuDriverGetVersion(ctypes.byref(version))
    except (OSError, AttributeError):
        return None
    return None if failed else version.value // PER_MAJOR_VERSION
