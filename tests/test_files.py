"""Files are written completely or not at all."""

import errno
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from metascore import files
from metascore.errors import UserError

HOST = socket.gethostname()


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "folder" / "values.npy"
    files.write_array(path, np.arange(3))
    assert files.read_array(path, "").tolist() == [0, 1, 2] == files.read_array(path, "", mapped=True).tolist()
    assert os.listdir(path.parent) == ["values.npy"]


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
def test_a_failure_at_any_step_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    files.write(path, b"old")

    def fail(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*((files.Path, "open") if step == "open" else (files.os, step)), fail)
    with pytest.raises(
        UserError, match=r"file: cannot be written \(No space left on device\): it needs 3 bytes"
    ) as error:
        files.write(path, b"new")
    assert "\n" not in str(error.value) and "free some space, and run the same command again" in str(error.value)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["file"] and path.read_bytes() == b"old"


@pytest.fixture
def dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_a_dead_process_left_goes_and_what_a_live_one_writes_stays(tmp_path, dead):
    for pid in (dead, os.getppid()):
        (tmp_path / f".file.{pid}@{HOST}.partial").touch()
    (tmp_path / f".file.json.{dead}@{HOST}.partial").touch()
    files.write(tmp_path / "file", b"")
    expected = [f".file.json.{dead}@{HOST}.partial", f".file.{os.getppid()}@{HOST}.partial", "file"]
    assert sorted(os.listdir(tmp_path)) == sorted(expected)


@pytest.mark.parametrize("host", ["@node7.cluster", ""])  # none, as files before version 0.2.0 have it
def test_a_process_of_another_host_is_dead_when_its_file_has_not_grown_for_a_day(tmp_path, dead, host):
    fresh, old = (tmp_path / f".file.{pid}{host}.partial" for pid in (dead, dead + 1))
    fresh.touch()
    old.touch()
    os.utime(old, (0, old.stat().st_mtime - 86500))
    files.write(tmp_path / "file", b"")
    assert sorted(os.listdir(tmp_path)) == [fresh.name, "file"]


def test_a_folder_in_the_way_is_one_line(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(UserError, match="file: cannot be written"):
        files.write(tmp_path / "file", b"")
    assert os.listdir(tmp_path) == ["file"]
