"""`make bench`: print Markdown tables of speed, measured now, on one thread."""

from benchmarks import commands, loading, memory, meta_gradient, meta_test, pictures, shares, side_by_side, updates
from benchmarks.timing import matrix_rate
from metascore.training import machine


def main() -> None:
    """Measure and print."""
    with machine.prepared():  # the mode that training runs in
        _measure()


def _measure() -> None:
    rate = matrix_rate()
    facts = machine.facts()
    print(f"{facts['processor']} ({facts['capability']}), torch {facts['torch']}, one thread")
    print(f"matrix products: {rate / 1e9:.0f} GFLOP/s in float32")
    show("Meta-gradient, milliseconds a task", meta_gradient.table())
    show("Where it goes, as multiples of the floor", shares.table(rate))
    show("Meta-test adaptation, milliseconds a task", meta_test.table())
    show("From episode file to updated weights, tasks a second", updates.table())
    show("Episode loading", loading.table())
    show("Reading pictures", pictures.table())
    show("Peak memory", memory.table())
    show("Two processes on two cores, tasks a second of each", side_by_side.table())
    show("Commands", commands.table())


def show(title: str, lines: list[str]) -> None:
    """Print one table."""
    print(f"\n{title}\n", *lines, sep="\n", flush=True)


if __name__ == "__main__":
    main()
