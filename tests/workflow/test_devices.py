"""Each job a GPU of its own, with faked GPUs: a program nvidia-smi on PATH that lists them."""

import importlib.metadata
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from metascore.training import devices

UUIDS = [f"GPU-{letter * 8}" for letter in "abcd"]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Makes nvidia-smi list this many GPUs."""
    monkeypatch.delenv(devices.VARIABLE, raising=False)

    def list_gpus(count: int) -> None:
        lines = [f"echo 'GPU {index}: Fake (UUID: {uuid})'" for index, uuid in enumerate(UUIDS[:count])]
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir(exist_ok=True)
        program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    return list_gpus


def test_without_nvidia_smi_there_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with devices.claimed() as device:
        assert device is None


@pytest.mark.parametrize(
    "value, expected",
    [
        (None, UUIDS),
        ("", []),
        ("-1", []),
        ("2,0", [UUIDS[2], UUIDS[0]]),
        ("1,9,0", [UUIDS[1]]),
        (UUIDS[2], [UUIDS[2]]),
    ],
)
def test_cuda_visible_devices_hides(fake, monkeypatch: pytest.MonkeyPatch, value: str | None, expected: list[str]):
    fake(4)
    if value is not None:
        monkeypatch.setenv(devices.VARIABLE, value)
    assert devices.visible() == expected


def test_a_claim_inside_another_has_the_same_device(fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake(2)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with devices.claimed() as first, devices.claimed() as second:
        assert os.environ[devices.VARIABLE] == first == second == UUIDS[0]
    assert devices.VARIABLE not in os.environ


def test_processes_side_by_side_never_share(fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake(4)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    program = (
        "import pathlib, sys, time\n"
        "from metascore.training import devices\n"
        "with devices.claimed() as device:\n"
        "    taken = pathlib.Path(sys.argv[1]) / f'{device}.taken'\n"
        "    taken.touch(exist_ok=False)\n"
        "    time.sleep(0.3)\n"
        "    taken.unlink()\n"
        "    print(device)\n"
    )
    command = (sys.executable, "-c", program, str(tmp_path))
    jobs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    answers = [job.communicate(timeout=60)[0].strip() for job in jobs]
    assert all(job.returncode == 0 for job in jobs)
    assert len(set(answers)) > 1 and set(answers) <= set(UUIDS)


def test_a_torch_for_cpus_uses_none(fake, monkeypatch: pytest.MonkeyPatch):
    fake(1)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "2.9.0+cpu")
    assert devices.visible() == []
