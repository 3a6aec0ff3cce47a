"""Files: written completely or not at all, read with errors in one line, and digested."""

import csv
import errno
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from metascore.errors import UserError

CURES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some of your quota",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f)",
    errno.EACCES: "make the folder writable",
    errno.EROFS: "make the folder writable",
}
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile decompresses others without a bound


def write(path: str | Path, content: bytes) -> None:
    """Write a file, making missing folders; whatever happens, `path` has all of `content` or what it had before.

    The bytes go to a temporary sibling and to the disk before that takes the name. Siblings that killed processes left
    are removed. Raises UserError, with the space that is needed, where the file cannot be written.
    """
    with _written(Path(path), len(content)) as file:
        file.write(content)


@contextmanager
def array_written(path: str | Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Iterator[Callable[..., None]]:
    """Write a .npy file piece by piece, as `write` does: the context is a function that appends arrays (n, *shape)."""
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
    """Open a temporary sibling that takes the name in the end; `size` in bytes is for the message of an error."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
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
    """Return the error for a file of `size` bytes that cannot be written."""
    cure = CURES.get(error.errno or 0, "see to that")
    there = next(parent for parent in path.absolute().parents if parent.exists())
    return UserError(
        f"{path}: cannot be written ({error.strerror or error}): it needs {size} bytes, "
        f"{shutil.disk_usage(there).free} are free: {cure}, and run the same command again"
    )


def _remove_orphans(path: Path) -> None:
    """Remove the temporary files of this file whose processes are dead."""
    for partial in path.parent.glob(f".{path.name}.*.partial"):
        process = partial.name.removeprefix(f".{path.name}.").removesuffix(".partial")
        if process.isdecimal() and not _is_running(int(process)):
            partial.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


def expanded(path: str | Path) -> Path:
    """Return a path whose ~ is the user's folder: no shell has replaced it in a configuration, in quotes or in CI."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  Path.expanduser raises where there is no such user


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
    """Read a .npy file; `mapped` maps it into memory, where changes are not written back.

    Raises UserError, ending in `cure`, when it is missing or damaged.
    """
    try:
        if mapped:
            return np.lib.format.open_memmap(path, "c")
        with Path(path).open("rb") as file:
            return np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:  # a damaged header can end in any
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())}): {cure}") from error


def read_arrays(path: str | Path, cure: str) -> dict[str, np.ndarray]:
    """Read a .npz file. Raises UserError, ending in `cure`, when it is missing or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {entry.filename.removesuffix(".npy"): _read_entry(archive, entry) for entry in archive.infolist()}
    except Exception as error:  # a damaged header can end in any
        raise UserError(f"{path}: cannot be read ({' '.join(str(error).split())}): {cure}") from error


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """Read an array of an archive, which may not claim to be larger or smaller than it is."""
    if entry.compress_type not in COMPRESSIONS:
        raise ValueError(f"{entry.filename}: compressed in an unknown way")
    with archive.open(entry) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def sha256(path: str | Path) -> str:
    """Return the SHA-256 digest of a file's bytes, in hexadecimal. Raises UserError when it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}: run `snakemake` (or the stage that makes it)") from error
