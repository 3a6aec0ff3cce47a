"""`make bench`: print Markdown tables of speed, measured now, on one thread."""

import torch

from benchmarks import meta_gradient
from benchmarks.timing import matrix_rate
from metascore.stages import machine


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    machine._keep_freed_memory()
    rate = matrix_rate()
    facts = machine.facts()
    print(f"{facts['processor']} ({facts['capability']}), torch {facts['torch']}, one thread")
    print(f"matrix products: {rate / 1e9:.0f} GFLOP/s in float32\n")
    print("Meta-gradient, milliseconds a task\n")
    print("\n".join(meta_gradient.table(rate)), flush=True)


if __name__ == "__main__":
    main()
