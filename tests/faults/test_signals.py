"""SIGINT and SIGTERM end everything within seconds, with a saved state; the same command goes on from there."""

import os
import signal

import psutil
import pytest
from faults import DVC, SNAKEMAKE, at_work, left_behind, output_of, started, wait_for_snapshot
from tiny_workflow import MAML_LOG, bits

SECONDS = 5


def to_group(process: psutil.Popen, number: int) -> None:
    """As a terminal does for Ctrl-C, which some press more than once."""
    for _ in range(3):
        os.killpg(process.pid, number)


def to_driver(process: psutil.Popen, number: int) -> None:
    process.send_signal(number)


@pytest.mark.parametrize(
    ("command", "send", "number"),
    [
        (SNAKEMAKE, to_group, signal.SIGINT),
        (SNAKEMAKE, to_driver, signal.SIGINT),
        (SNAKEMAKE, to_driver, signal.SIGTERM),
        (DVC, to_group, signal.SIGINT),
        (DVC, to_driver, signal.SIGTERM),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else getattr(value, "__name__", str(value)),
)
def test_a_signal_ends_a_workflow_with_a_saved_state(fresh, undisturbed, command, send, number):
    process = started(fresh, *command)
    wait_for_snapshot(fresh)
    below = process.children(recursive=True)
    send(process, number)
    assert not at_work([process, *below], SECONDS), output_of(fresh)
    output = output_of(fresh)
    assert process.wait() != 0 and "Traceback" not in output and "WorkflowError" not in output, output
    assert "stopped: run the same command again to go on" in output
    fresh.call(*command)
    assert "going on from iteration" in (fresh.path / MAML_LOG).read_text()
    assert bits(fresh.path) == bits(undisturbed.path) and not left_behind(fresh)
