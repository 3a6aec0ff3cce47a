"""Snakemake's lock after a kill -9: gone when its owner is dead, and only then."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from metascore.orchestration import lock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A Snakemake folder with a lock."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "0.input.lock").write_text("file\n")
    return tmp_path


def record(folder: Path, host: str, pid: int, started: float, leader: str | None = None) -> None:
    (folder / "processes").mkdir()
    content = {"host": host, "process": f"{pid}@{started}", "leader": leader}
    (folder / "processes" / f"{host}-{pid}.json").write_text(json.dumps(content))


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def is_locked(folder: Path) -> bool:
    return (folder / "locks").exists()


def test_the_lock_of_a_dead_process_goes(folder: Path):
    record(folder, socket.gethostname(), dead_process(), 1.0)
    lock.register(folder=folder)
    assert not is_locked(folder)
    assert [path.stem for path in (folder / "processes").iterdir()] == [f"{socket.gethostname()}-{os.getpid()}"]


def test_the_lock_of_a_process_whose_number_was_reused_goes(folder: Path):
    record(folder, socket.gethostname(), os.getppid(), 1.0)
    lock.register(folder=folder)
    assert not is_locked(folder)


def test_the_lock_of_a_live_process_stays(folder: Path):
    parent = os.getppid()
    record(folder, socket.gethostname(), parent, psutil.Process(parent).create_time())
    lock.register(folder=folder)
    assert is_locked(folder)


def test_the_lock_of_another_host_stays(folder: Path):
    record(folder, "elsewhere", dead_process(), 1.0)
    lock.register(folder=folder)
    assert is_locked(folder) and "elsewhere" in lock.told(folder)


def test_a_lock_that_no_record_explains_is_said_to_be_one(folder: Path):
    """An older Snakemake's, or one that was copied here: nobody can tell whether its owner lives."""
    lock.register(folder=folder)
    assert is_locked(folder) and "no record says by whom" in lock.told(folder) and "--unlock" in lock.told(folder)


def test_the_lock_of_another_host_that_fell_silent_goes(folder: Path):
    record(folder, "elsewhere", dead_process(), 1.0)
    (foreign,) = (folder / "processes").iterdir()
    long_ago = time.time() - lock.SILENCE - 1
    os.utime(foreign, (long_ago, long_ago))
    lock.register(folder=folder)
    assert not is_locked(folder) and not foreign.exists()


def test_a_workflow_shows_that_it_is_alive(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock, "BEAT", 0.01)
    lock.register(folder=folder)
    (own,) = (folder / "processes").iterdir()
    os.utime(own, (1.0, 1.0))
    deadline = time.monotonic() + 10
    while own.stat().st_mtime == 1.0:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_lock_that_nobody_recorded_stays(folder: Path):
    lock.register(folder=folder)
    assert is_locked(folder)


def test_a_broken_record_counts_as_alive(folder: Path):
    record(folder, socket.gethostname(), dead_process(), 1.0)
    (folder / "processes" / "broken.json").write_text("{")
    lock.register(folder=folder)
    assert is_locked(folder)


def test_a_process_whose_dvc_was_killed_is_waited_for(folder: Path):
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1.5)"])
    started = psutil.Process(process.pid).create_time()
    record(folder, socket.gethostname(), process.pid, started, leader=f"{dead_process()}@1.0")
    threading.Thread(target=process.wait).start()
    lock.register(folder=folder)
    assert process.returncode == 0 and not is_locked(folder)


def test_a_zombie_holds_nothing(folder: Path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    status = psutil.Process(process.pid)
    while status.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    record(folder, socket.gethostname(), process.pid, status.create_time())
    lock.register(folder=folder)
    process.wait()
    assert not is_locked(folder)
