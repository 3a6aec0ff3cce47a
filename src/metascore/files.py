"""Files: written completely or not at all, read with errors in one line, and digested."""

import csv
import errno
import hashlib
import io
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import psutil

from metascore.errors import UserError

CURES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f)",
    errno.EACCES: "make the folder writable",
    errno.EROFS: "make the folder writable",
}
A_DAY = 86400.0  # seconds


def write(path: str | Path, content: bytes) -> None:
    """Write a file, making missing folders. Whatever happens, `path` holds all of `content` or what it held before.

    The bytes go to a temporary sibling, to the disk, and only then take the name. Siblings that killed processes left
    are removed. Raises UserError, with the space that is needed, where the file can't be written.
    """
    with _written(Path(path), len(content)) as file:
        file.write(content)


@contextmanager
def array_written(path: str | Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Iterator[Callable[..., None]]:
    """Write a .npy file piece by piece, as `write` does: the context is a function that appends arrays (n, *shape).

    Rows are counted at the end, so that nobody has to know their number.
    """
    rows = 0

    def header(file: IO[bytes]) -> None:
        file.seek(0)
        described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": (rows, *shape)}
        np.lib.format.write_array_header_1_0(file, described)  # of one length for any number of rows

    with _written(Path(path), 0) as file:
        header(file)

        def append(array: np.ndarray) -> None:
            nonlocal rows
            rows += len(array)
            file.write(np.ascontiguousarray(array, dtype).tobytes())

        yield append
        header(file)


@contextmanager
def _written(path: Path, size: int) -> Iterator[IO[bytes]]:
    """A temporary sibling that takes the name in the end; `size` is what errors say, in bytes, where it is known."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}@{socket.gethostname()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_orphans(path)
        with temporary.open("wb") as file:
            yield file
            size = max(size, file.seek(0, os.SEEK_END))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise unwritable(path, size, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def unwritable(path: Path, size: int, error: OSError) -> UserError:
    """What to say where a file of `size` bytes can't be written."""
    cure = CURES.get(error.errno or 0, "see to that")
    return UserError(
        f"{path}: cannot be written ({error.strerror or error}): it needs {size} bytes, {_free(path)}: {cure}, and run "
        "the same command again"
    )


def _free(path: Path) -> str:
    there = next(parent for parent in path.absolute().parents if parent.exists())
    return f"{shutil.disk_usage(there).free} are free"


def _remove_orphans(path: Path) -> None:
    """Remove the temporary files of this file that nobody writes any more."""
    for partial in path.parent.glob(f".{path.name}.*.partial"):
        process = partial.name.removeprefix(f".{path.name}.").removesuffix(".partial")
        if _is_orphan(partial, *process.partition("@")[::2]):
            partial.unlink(missing_ok=True)


def _is_orphan(partial: Path, pid: str, host: str) -> bool:
    """Whether its process has died. One of another host can't be seen from here: a day without a byte means death."""
    if not pid.isdecimal():  # it is of a file whose name is longer
        return False
    if host == socket.gethostname():
        return not psutil.pid_exists(int(pid))
    with suppress(FileNotFoundError):  # its process is at its end
        return time.time() - partial.stat().st_mtime > A_DAY
    return False


def write_text(path: str | Path, text: str) -> None:
    """Write a text as UTF-8."""
    write(path, text.encode())


def write_json(path: str | Path, value: Any) -> None:
    """Write `value` as JSON with sorted keys: equal values give equal bytes."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def write_array(path: str | Path, array: np.ndarray) -> None:
    """Write a .npy file, without pickle."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    write(path, content.getvalue())


def write_arrays(path: str | Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a compressed .npz file, without pickle: equal arrays give equal bytes."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    write(path, content.getvalue())


def write_rows(path: str | Path, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_json(path: str | Path) -> Any:
    """Read a JSON file. Raises UserError when it is missing or is no JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}: give the name of a file that can be read") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: not JSON ({error}): correct it, or delete it and run its stage again") from error


def read_array(path: str | Path, cure: str, mapped: bool = False) -> np.ndarray:
    """Read a .npy file, or map it into memory, where changes stay.

    Raises UserError, ending in `cure`, when it is missing or damaged.
    """
    try:
        return np.lib.format.open_memmap(path, "c") if mapped else np.load(path, allow_pickle=False)
    except Exception as error:  # a damaged header can end in any
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())}): {cure}") from error


def read_arrays(path: str | Path, cure: str) -> dict[str, np.ndarray]:
    """Read a .npz file. Raises UserError, ending in `cure`, when it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except Exception as error:  # a damaged header can end in any
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())}): {cure}") from error


def sha256(path: str | Path) -> str:
    """The SHA-256 digest of a file's bytes, in hexadecimal. Raises UserError when it can't be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}: run `snakemake` (or the stage that makes it)") from error
