"""Facts of the machine."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from functools import partial

import torch

from benchmarks.gpu.report import Row
from benchmarks.gpu.setup import Setup, seconds, tried

SECONDS = 5
SIDE = 8192  # of the matrices that the rate is measured with; 512 in a rehearsal


def rows(setup: Setup) -> Iterator[Row]:
    """Versions, the card, and the rates of its matrix products and copies."""
    yield {"fact": "python", "value": platform.python_version()}
    yield {"fact": "torch", "value": torch.__version__}
    yield {"fact": "device", "value": str(setup.device)}
    if setup.device.type == "cuda":
        card = torch.cuda.get_device_properties(setup.device)
        yield {"fact": "card", "value": card.name}
        yield {"fact": "memory, GiB", "value": round(card.total_memory / 2**30, 1)}
        yield {"fact": "multiprocessors", "value": card.multi_processor_count}
        yield {"fact": "CUDA", "value": str(torch.version.cuda)}
        yield {"fact": "cuDNN", "value": str(torch.backends.cudnn.version())}
    for dtype in (torch.float32, torch.bfloat16):
        yield tried({"fact": f"matrix product, {dtype}, TFLOP/s"}, partial(_rate_row, setup, dtype))
    yield tried({"fact": "copy, GB/s"}, lambda: {"value": _bandwidth(setup)})


def _rate_row(setup: Setup, dtype: torch.dtype) -> Row:
    return {"value": rate(setup, dtype)}


def rate(setup: Setup, dtype: torch.dtype = torch.float32) -> float:
    """10^12 floating-point operations a second of a large matrix product."""
    side = 512 if setup.tiny else SIDE
    a = torch.rand(side, side, device=setup.device).to(dtype)
    return 2 * side**3 / seconds(lambda: a @ a, setup.device, 0.05 if setup.tiny else 0.5) / 1e12


def _bandwidth(setup: Setup) -> float:
    count = 2**20 if setup.tiny else 2**28
    a = torch.rand(count, device=setup.device)
    b = torch.empty_like(a)
    return 2 * 4 * count / seconds(lambda: b.copy_(a), setup.device, 0.05 if setup.tiny else 0.5) / 1e9
