"""SIGINT and SIGTERM end everything within five seconds, with a saved state; the same command goes on from there."""

import os
import signal

import psutil
import pytest
from faults import MAML_LOG, at_work, bits, is_stage, left_behind, said, started, wait_for_snapshot

SECONDS = 5


def to_group(process: psutil.Popen, number: int) -> None:
    """As a terminal does for Ctrl-C."""
    os.killpg(process.pid, number)


def to_driver(process: psutil.Popen, number: int) -> None:
    process.send_signal(number)


@pytest.mark.parametrize(
    ("command", "send", "number"),
    [
        (("snakemake", "--cores", "2"), to_group, signal.SIGINT),
        (("snakemake", "--cores", "2"), to_driver, signal.SIGINT),
        (("snakemake", "--cores", "2"), to_group, signal.SIGTERM),
        (("snakemake", "--cores", "2"), to_driver, signal.SIGTERM),
        (("dvc", "repro"), to_group, signal.SIGINT),
        (("dvc", "repro"), to_group, signal.SIGTERM),
        (("dvc", "repro"), to_driver, signal.SIGTERM),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else getattr(value, "__name__", str(value)),
)
def test_a_signal_ends_a_workflow_with_a_saved_state(fresh, undisturbed, command, send, number):
    process = started(fresh, *command)
    wait_for_snapshot(fresh)
    below = process.children(recursive=True)
    send(process, number)
    assert not at_work([process, *below], SECONDS), said(fresh).read_text()
    output = said(fresh).read_text()
    assert process.wait() != 0, output
    assert "stopped: run the same command again to go on" in output and "WorkflowError" not in output
    fresh.call(*command)
    assert "going on from iteration" in (fresh.path / MAML_LOG).read_text()
    assert bits(fresh) == bits(undisturbed) and not left_behind(fresh)


def test_the_second_signal_changes_nothing(fresh):
    process = started(fresh)
    wait_for_snapshot(fresh)
    stages = [child for child in process.children(recursive=True) if is_stage(child)]
    for _ in range(3):
        to_group(process, signal.SIGINT)
    assert not at_work([process, *stages], SECONDS)
    assert "Traceback" not in said(fresh).read_text()
