"""Each job a GPU of its own, with faked GPUs: a program nvidia-smi on PATH that lists them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from metascore.orchestration import devices, drivers, needs, session

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
        "from metascore.orchestration import devices\n"
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


@pytest.mark.parametrize(
    "torch, driver, said",
    [
        (None, 12, "built without CUDA"),
        ("12.4", 11, "for CUDA 12.4, the driver for 11"),
        ("12.4", None, "for CUDA 12.4, the driver for none"),
        ("12.4", 12, None),
        ("12.9", 13, None),
    ],
)
def test_why_torch_cannot_use_a_gpu(monkeypatch, torch: str | None, driver: int | None, said: str | None):
    monkeypatch.setattr(drivers, "_cuda_of_torch", lambda: torch)
    monkeypatch.setattr(drivers, "_cuda_of_driver", lambda: driver)
    why = drivers.why_unusable()
    assert why is None if said is None else said in str(why)


def test_what_torch_was_built_for_is_what_torch_says():
    import torch

    assert drivers._cuda_of_torch() == torch.version.cuda


def test_a_driver_that_is_not_there_serves_no_cuda(monkeypatch):
    monkeypatch.setattr(drivers, "DRIVER", "libnothing.so.0")
    assert drivers._cuda_of_driver() is None


def test_a_gpu_that_torch_cannot_use_holds_no_job_up(fake, monkeypatch, capsys):
    fake(1)
    monkeypatch.setenv(devices.VARIABLE, "0")
    monkeypatch.setattr(drivers, "why_unusable", lambda: "its driver is old")
    session.do_without_unusable_gpus()
    assert devices.visible() == [] and needs.gpus(is_main=True) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert "torch cannot use (its driver is old): jobs compute on all cores" in line


@pytest.mark.parametrize(("count", "why"), [(1, None), (0, "no driver")])
def test_where_torch_can_use_what_there_is_nothing_is_said(fake, monkeypatch, capsys, count: int, why: str | None):
    fake(count)
    monkeypatch.setattr(drivers, "why_unusable", lambda: why)
    session.do_without_unusable_gpus()
    assert len(devices.visible()) == count and not capsys.readouterr().err
