"""Slurm's queue as a workflow sees it, with faked programs squeue and scancel; a real one is in tests/cluster."""

import os
from pathlib import Path

import pytest

from metascore.orchestration import cluster, needs
from metascore.training import devices

NAME = "0b2a7c0e-4b1f-4f0e-9d3b-6f1f1c9e2a11"


def write(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("left", [["1", "2"], []])
def test_jobs_that_a_killed_workflow_left_are_cancelled(tmp_path: Path, monkeypatch, left: list[str]):
    monkeypatch.setenv("SLURM_JOB_ID", "4")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    mine = [f"{number}|smoke_{NAME}|{tmp_path}" for number in left]
    others = [f"3|{NAME}|{tmp_path}/elsewhere", f"4|{NAME}|{tmp_path}", f"5|interactive|{tmp_path}", ""]
    (tmp_path / "queue").write_text("\n".join([*mine, *others]))
    write(tmp_path / "squeue", f"cat {tmp_path}/queue")
    write(tmp_path / "scancel", f"echo $* > {tmp_path}/asked; : > {tmp_path}/queue")
    assert cluster.end_orphans(tmp_path) == left
    assert not left or (tmp_path / "asked").read_text().split() == left


def test_without_slurm_nothing_is_cancelled(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cluster.end_orphans(tmp_path) == []


@pytest.mark.parametrize(
    ("given", "seen"), [({"SLURM_JOB_ID": "1"}, ""), ({"SLURM_JOB_ID": "1", "SLURM_JOB_GPUS": "0"}, "all"), ({}, "all")]
)
def test_a_job_sees_no_gpu_that_it_was_not_given(monkeypatch, given: dict[str, str], seen: str):
    for name in ("SLURM_JOB_ID", *cluster.OF_GPUS):
        monkeypatch.delenv(name, raising=False)
    for name, value in {devices.VARIABLE: "all", **given}.items():
        monkeypatch.setenv(name, value)
    cluster.hide_gpus_of_others()
    assert os.environ[devices.VARIABLE] == seen


def test_jobs_inherit_what_the_workflow_decided(monkeypatch):
    monkeypatch.setenv(needs.GPUS_A_RUN, "7")
    monkeypatch.setattr(devices, "visible", list)
    assert needs.gpus(is_main=True) == 0
    monkeypatch.setattr(devices, "visible", lambda: ["GPU-0"])
    assert needs.gpus(is_main=False) == 0
    assert needs.gpus(is_main=True) == needs.gpus(is_main=False) == 1
