"""Each job a GPU of its own, with faked GPUs: a program nvidia-smi on PATH that lists them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from metascore.orchestration import devices

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
    assert devices.visible() == []
    with devices.claimed(tmp_path) as device:
        assert device is None


@pytest.mark.parametrize(
    "value, expected",
    [
        (None, UUIDS),
        ("", []),
        ("-1", []),
        ("2,0", [UUIDS[2], UUIDS[0]]),
        ("1,9,0", [UUIDS[1]]),
        ("GPU-cc", [UUIDS[2]]),
    ],
)
def test_cuda_visible_devices_hides(fake, monkeypatch: pytest.MonkeyPatch, value: str | None, expected: list[str]):
    fake(4)
    if value is not None:
        monkeypatch.setenv(devices.VARIABLE, value)
    assert devices.visible() == expected


def test_each_claim_gets_another_device_and_gives_it_back(fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake(2)
    with devices.claimed(tmp_path) as first:
        assert os.environ[devices.VARIABLE] == first == UUIDS[0]
        monkeypatch.delenv(devices.VARIABLE)
        with devices.claimed(tmp_path) as second:
            assert second == UUIDS[1]
    monkeypatch.delenv(devices.VARIABLE, raising=False)
    with devices.claimed(tmp_path) as again:
        assert again == UUIDS[0]
    assert devices.VARIABLE not in os.environ


def test_processes_side_by_side_never_share(fake, tmp_path: Path):
    fake(4)
    program = (
        "import pathlib, sys, time\n"
        "from metascore.orchestration import devices\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "with devices.claimed(folder) as device:\n"
        "    taken = folder / f'{device}.taken'\n"
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
