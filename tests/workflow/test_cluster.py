"""Slurm's queue as a workflow sees it, with faked programs squeue and scancel; a real one is in tests/cluster."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from metascore.orchestration import cluster, devices, needs

NAME = "0b2a7c0e-4b1f-4f0e-9d3b-6f1f1c9e2a11"


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Makes a queue with these lines, which scancel takes away; returns where scancel notes what it was asked for."""

    def make(lines: str) -> Path:
        (tmp_path / "bin").mkdir()
        (tmp_path / "queue").write_text(lines)
        write(tmp_path / "bin/squeue", f"cat {tmp_path}/queue")
        write(tmp_path / "bin/scancel", f"echo $* > {tmp_path}/asked; : > {tmp_path}/queue")
        monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "asked"

    return make


def write(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


def test_jobs_that_a_dead_workflow_left_are_cancelled(queue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4")
    elsewhere = tmp_path / "elsewhere"
    mine = [f"1|{NAME}|{tmp_path}", f"2|smoke_{NAME}|{tmp_path}"]
    others = [f"3|{NAME}|{elsewhere}", f"4|{NAME}|{tmp_path}", f"5|interactive|{tmp_path}"]
    asked = queue("\n".join([*mine, *others, ""]))
    assert cluster.end_orphans(tmp_path) == ["1", "2"]
    assert asked.read_text().split() == ["1", "2"]


def test_where_nothing_was_left_nothing_is_cancelled(queue, tmp_path: Path):
    asked = queue("")
    assert cluster.end_orphans(tmp_path) == [] and not asked.exists()


def test_without_slurm_there_is_nothing_to_cancel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cluster.end_orphans(tmp_path) == []


def test_a_job_sees_no_gpu_that_it_was_not_given():
    assert cluster.hidden_devices({"SLURM_JOB_ID": "1"}) == {devices.VARIABLE: ""}
    assert cluster.hidden_devices({"SLURM_JOB_ID": "1", "SLURM_JOB_GPUS": "0"}) == {}
    assert cluster.hidden_devices({}) == {}


def test_jobs_inherit_what_the_workflow_decided(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(needs.GPUS_A_RUN, "7")
    monkeypatch.setattr(devices, "visible", list)
    assert needs.gpus(is_main=True) == 0
    monkeypatch.setattr(devices, "visible", lambda: ["GPU-0"])
    assert needs.gpus(is_main=False) == 0
    assert needs.gpus(is_main=True) == needs.gpus(is_main=False) == 1


def test_sigterm_is_ctrl_c_to_a_workflow_whose_jobs_are_elsewhere():
    """And only once: what follows it, cancelling, is not disturbed."""
    program = (
        "import os, signal\n"
        "from metascore.orchestration import signals\n"
        "signal.signal(signal.SIGTERM, lambda number, frame: print('waits'))\n"
        "signals.pass_signals_on(jobs_are_here=False)\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "except KeyboardInterrupt:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    print('cancels')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "cancels\n"
