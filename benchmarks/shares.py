"""What the time of a meta-gradient goes into, by PyTorch's profiler: the multiples of the floor explained."""

from __future__ import annotations

import time

from torch.profiler import ProfilerActivity, profile

from benchmarks.meta_gradient import ours
from benchmarks.settings import settings
from benchmarks.timing import row

REPEATS = 5
KINDS = {  # kernels, by the beginnings of their names
    "convolutions": ("aten::mkldnn_convolution", "aten::convolution_backward", "aten::bmm"),
    "batch norm": ("aten::native_batch_norm",),
    "ReLU": ("aten::threshold_backward", "aten::clamp_min"),
}


def table(rate: float) -> list[str]:
    """Multiples of the floor; what is neither a kernel above nor another operation is Python and functorch."""
    head = ["setting", "order", "ours / floor", *KINDS, "other operations", "bookkeeping"]
    return [*row(head, rule=True), *(line for number in range(8) for line in row(_cells(number, rate)))]


def _cells(number: int, rate: float) -> list[str]:
    setting = settings()[number]
    params, episodes = setting.params(), setting.episodes()
    gradient = ours(setting, params, episodes, min(setting.tasks, 16))
    run = lambda: [gradient() for _ in range(REPEATS)]  # noqa: E731
    run()
    began = time.perf_counter()
    run()
    total = time.perf_counter() - began
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        run()
    spent = dict.fromkeys([*KINDS, "other operations"], 0.0)
    for event in profiler.key_averages():
        if event.key.startswith("aten::"):
            kind = next((kind for kind, names in KINDS.items() if event.key.startswith(names)), "other operations")
            spent[kind] += event.self_cpu_time_total / 1e6
    floor = REPEATS * setting.tasks * setting.operations() / rate
    shares = [total, *spent.values(), total - sum(spent.values())]
    return [setting.name, "first" if setting.first_order else "second", *(f"{share / floor:.2f}" for share in shares)]
