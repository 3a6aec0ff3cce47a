"""Omniglot's archives from a folder or over HTTP: resumed, retried, named only when verified."""

import base64
import hashlib
import http.client
import logging
import os
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from tqdm import tqdm

from metascore.data.archive import Part, read_archive
from metascore.errors import UserError
from metascore.files import unwritable

logger = logging.getLogger(__name__)

CHUNK = 1 << 16  # bytes
TRY_AGAIN = (408, 425, 429, 500, 502, 503, 504)  # HTTP statuses that time may cure


class Unreachable(Exception):
    """A source gives nothing at all, as opposed to wrong bytes: the next one may be tried."""


class BrokenTransfer(Exception):
    """The connection ended before the file did."""


@dataclass(frozen=True)
class Patience:
    """How long to try: `wait` seconds after the first failure, twice as long after each further one."""

    attempts: int = 4
    wait: float = 0.5
    timeout: float = 20.0  # seconds without a byte
    largest: int = 64 << 20  # bytes: Omniglot's larger archive has 9 MB


PATIENCE = Patience()


def mirror_address(environment: Mapping[str, str] = os.environ) -> str:
    """Return the user's mirror: a folder or a base URL. Raises Unreachable when none is set."""
    if not environment.get("OMNIGLOT_MIRROR"):
        raise Unreachable("OMNIGLOT_MIRROR is not set")
    return environment["OMNIGLOT_MIRROR"]


def torchvision_address() -> str:
    """Return the base URL from which torchvision downloads. Raises Unreachable without torchvision."""
    try:
        from torchvision.datasets import Omniglot  # here, since it takes seconds
    except ImportError as error:
        raise Unreachable(f"torchvision: {error}") from error
    return str(Omniglot.download_url_prefix)


def fetch(address: str, part: Part, downloads: Path, patience: Patience = PATIENCE) -> dict[str, bytes]:
    """Return the verified drawings of one archive at `address`, a folder or a base URL (http, https or file).

    What comes over HTTP is kept in the folder `downloads`. Raises Unreachable when there is nothing at the
    address, UserError when there is something wrong.
    """
    scheme, _, path = address.rpartition("://")
    if scheme in ("http", "https"):
        remote = _remote(f"{address.rstrip('/')}/{part.archive}")
        downloads.mkdir(parents=True, exist_ok=True)
        with FileLock(downloads / f".{part.archive}.lock"):
            return _download(remote, part, downloads, patience)
    if scheme not in ("", "file"):
        raise UserError(f"{address}: neither a folder nor an http, https or file URL: correct OMNIGLOT_MIRROR")
    folder = Path(urllib.request.url2pathname(path.removeprefix("localhost")) if scheme else _expanded(address))
    return _read_local(folder / part.archive, part)


def _expanded(folder: str) -> str:
    """Where ~ is the user's own folder: in quotes, in a file of variables or in CI no shell has replaced it."""
    return os.path.expanduser(folder)  # noqa: PTH111  Path's raises where it knows no such user


@dataclass(frozen=True)
class _Remote:
    """An address that may be shown, and what the server wants to know beside it."""

    url: str
    headers: dict[str, str]


def _remote(address: str) -> _Remote:
    """Take a name and a password out of an address, as they must not get into logs. Raises UserError if it is none."""
    try:
        parts = urllib.parse.urlsplit(address)
        host = f"{parts.hostname or ''}{f':{parts.port}' if parts.port is not None else ''}"
    except ValueError as error:
        raise UserError(f"{address.rpartition('@')[2]}: no address ({error}): correct OMNIGLOT_MIRROR") from error
    if parts.username is None:
        return _Remote(address, {})
    name, password = (urllib.parse.unquote(text or "") for text in (parts.username, parts.password))
    token = base64.b64encode(f"{name}:{password}".encode()).decode()
    return _Remote(urllib.parse.urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {token}"})


def _read_local(path: Path, part: Part) -> dict[str, bytes]:
    try:
        return read_archive(path, part)
    except OSError as error:
        raise Unreachable(f"{path}: {error.strerror or error}") from error


def _download(remote: _Remote, part: Part, downloads: Path, patience: Patience) -> dict[str, bytes]:
    """Return a verified archive's drawings: downloaded earlier, or now."""
    final = downloads / part.archive
    if final.exists():
        try:
            return read_archive(final, part)
        except UserError as error:
            logger.warning("%s; downloading it again", error)
    # A partial file belongs to its address: the bytes of another archive would not fit to it.
    partial = downloads / f"{part.archive}.{hashlib.sha256(remote.url.encode()).hexdigest()[:8]}.part"
    resumed = partial.exists()
    _transfer_patiently(remote, partial, patience)
    try:
        drawings = read_archive(partial, part, remote.url)
    except UserError as error:
        partial.unlink()  # nothing can be added to wrong bytes
        if not resumed:
            raise
        logger.warning("%s; downloading it from the start", error)
        return _download(remote, part, downloads, patience)
    os.replace(partial, final)
    return drawings


def _transfer_patiently(remote: _Remote, partial: Path, patience: Patience) -> None:
    """Transfer the file, backing off exponentially; each attempt goes on where the last one broke off."""
    url = remote.url
    for attempt in range(1, patience.attempts + 1):
        try:
            return _transfer(remote, partial, patience)
        except (BrokenTransfer, OSError, ValueError, http.client.HTTPException) as error:
            final = attempt == patience.attempts or not _may_pass(error)
            if final and isinstance(error, BrokenTransfer):
                raise UserError(f"{url}: {error}: run the same command again to go on from there") from error
            if final:
                raise Unreachable(f"{url}: {_in_words(error)}") from error
            pause = patience.wait * 2 ** (attempt - 1)
            logger.warning("%s: %s; trying again in %.1f s", url, _in_words(error), pause)
            time.sleep(pause)


def _may_pass(error: Exception) -> bool:
    return not isinstance(error, urllib.error.HTTPError) or error.code in TRY_AGAIN


def _in_words(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    status = f"HTTP {error.code} " if isinstance(error, urllib.error.HTTPError) else ""
    return f"{status}{getattr(reason, 'strerror', None) or reason}"


def _transfer(remote: _Remote, partial: Path, patience: Patience) -> None:
    """Append to `partial` what is missing of it, or write it anew if the server can't send a range."""
    start = partial.stat().st_size if partial.exists() else 0
    url = remote.url
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310 (http or https)
    for name, value in remote.headers.items():
        request.add_unredirected_header(name, value)
    try:
        response = urllib.request.urlopen(request, timeout=patience.timeout)  # noqa: S310 (http or https)
    except urllib.error.HTTPError as error:
        if start and error.code == 416:  # nothing is missing, or the file has shrunk: verification will tell
            return
        raise
    with response:
        start = start if response.status == 206 else 0
        size = start + (response.length or 0)  # bytes; a server needn't say
        _check_size(url, size, partial, patience)
        logger.info("downloading %s (%d bytes)", url, size)
        _copy(response, partial, start, size, patience)
    found = partial.stat().st_size
    if found < size:
        raise BrokenTransfer(f"the transfer broke off after {found} of {size} bytes")


def _copy(response: http.client.HTTPResponse, partial: Path, start: int, size: int, patience: Patience) -> None:
    bar = tqdm(desc=partial.name.split(".zip")[0], initial=start, total=size or None, unit="B",
               unit_scale=True, disable=None)  # fmt: skip
    with partial.open("ab" if start else "wb") as file, bar:
        while chunk := _read(response, file.tell()):
            _check_size(response.url, file.tell() + len(chunk), partial, patience)
            try:
                file.write(chunk)
                file.flush()
            except OSError as error:
                raise unwritable(partial, size, error) from error
            bar.update(len(chunk))


def _read(response: http.client.HTTPResponse, so_far: int) -> bytes:
    try:
        return response.read1(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise BrokenTransfer(f"the transfer broke off after {so_far} bytes ({error})") from error


def _check_size(url: str, size: int, partial: Path, patience: Patience) -> None:
    if size > patience.largest:
        partial.unlink(missing_ok=True)
        cure = "let OMNIGLOT_MIRROR name a good copy"
        raise UserError(f"{url}: more than {patience.largest} bytes, so not Omniglot's archive: {cure}")
