"""Files are written completely or not at all."""

import errno
import io
import os
import pickle
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from metascore import files
from metascore.errors import UserError


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
    for name in (f".file.{dead}", f".file.{os.getppid()}", f".file.json.{dead}"):
        (tmp_path / f"{name}.partial").touch()
    files.write(tmp_path / "file", b"")
    expected = {f".file.json.{dead}.partial", f".file.{os.getppid()}.partial", "file"}
    assert {*os.listdir(tmp_path)} == expected


def encrypted(content: bytes) -> bytes:
    """An archive whose entry says that it is encrypted."""
    return content[:6] + b"\x01" + content[7:].replace(b"PK\x01\x02", b"PK\x01\x02", 1)


def archive(compression: int = zipfile.ZIP_DEFLATED, content: bytes = bytes(1000), size: int | None = None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as writer:
        writer.writestr("x.npy", content)
    claimed = struct.pack("<L", len(content) if size is None else size)
    return file.getvalue().replace(struct.pack("<L", len(content)), claimed)


HEADER = b"\x93NUMPY\x01\x00"
HUGE = HEADER + struct.pack("<H", 70) + b"{'descr': '<f8', 'fortran_order': False, 'shape': (%d,)}" % 10**15 + b" " * 9


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"PK", archive(), encrypted(archive()), archive(content=HUGE), HUGE, pickle.dumps({})],
    ids=range(8),
)
def test_what_is_no_array_is_one_line(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    for read in (files.read_array, files.read_arrays):
        with pytest.raises(UserError, match=r"^[^\n]*x: cannot be read \([^\n]*\): do this$"):
            read(tmp_path / "x", "do this")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_an_archive_that_claims_a_small_size_takes_little_memory(tmp_path, compression):
    (tmp_path / "x").write_bytes(archive(compression, bytes(64 << 20), 1000))
    tracemalloc.start()
    with pytest.raises(UserError, match="cannot be read"):
        files.read_arrays(tmp_path / "x", "")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_an_archive_of_arrays_is_no_array_and_is_read_as_one(tmp_path):
    files.write_arrays(tmp_path / "x.npz", {"a": np.arange(3), "b/c": np.ones((2, 2), np.float32)})
    found = files.read_arrays(tmp_path / "x.npz", "")
    assert {name: value.tolist() for name, value in found.items()} == {"a": [0, 1, 2], "b/c": [[1, 1], [1, 1]]}
    with pytest.raises(UserError, match="cannot be read"):
        files.read_array(tmp_path / "x.npz", "")


def test_a_folder_in_the_way_is_one_line(tmp_path):
    (tmp_path / "file").mkdir()
    with pytest.raises(UserError, match="file: cannot be written"):
        files.write(tmp_path / "file", b"")
    assert os.listdir(tmp_path) == ["file"]


def test_a_folder_of_nobody_stays_as_it_is(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert files.expanded("~/lists") == Path("/home/me/lists")
    assert files.expanded("~nobody_of_this_name/lists") == Path("~nobody_of_this_name/lists")
