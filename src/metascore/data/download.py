"""Omniglot's archives from a folder or over HTTP."""

import logging
import os
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from metascore.data.archive import MAXIMUM_ARCHIVE, OMNIGLOT, Part, read_archive
from metascore.errors import UserError
from metascore.files import expanded, unwritable

TIMEOUT = 10  # seconds without a byte
RETRIES = 2

log = logging.getLogger(__name__)


class BoundedProgress(tqdm):
    """A progress bar, invisible outside a terminal, that ends a download which is larger than any archive of Omniglot.

    pooch calls `update` for each chunk, and `reset` and `update` at the end.
    """

    received = 0  # bytes

    def __bool__(self) -> bool:
        """Show it even where the server does not state a size."""
        return True

    def update(self, n: float | None = 1) -> bool | None:
        """Count `n` more bytes. Raises UserError when there are too many."""
        self.received += int(n or 0)
        if self.received > MAXIMUM_ARCHIVE:
            raise UserError(
                f"OMNIGLOT_MIRROR: an archive has more than {MAXIMUM_ARCHIVE} bytes: let it name a good copy"
            )
        return super().update(n)

    def reset(self, total: float | None = None) -> None:
        """Start again from 0 bytes."""
        self.received = 0
        super().reset(total)


class Unreachable(UserError):
    """There is nothing at an address. Wrong bytes are another error: they are no reason to try another address."""


def fetch(address: str, part: Part, downloads: Path) -> dict[str, bytes]:
    """Return the verified drawings of one archive at `address`, which is a folder or a base URL (http, https, file).

    Archives that came over HTTP are kept in the folder `downloads`. Raises Unreachable when there is nothing at the
    address, UserError when there is something wrong.
    """
    address = address.strip()
    scheme, separator, path = address.partition("://")
    if not separator:
        return _read_local(address, address, part)
    if scheme.casefold() == "file":
        return _read_local(urllib.request.url2pathname(path.removeprefix("localhost")), address, part)
    if scheme.casefold() in ("http", "https"):
        return _fetch_http(address, part, downloads)
    raise UserError(f"{without_secrets(address)}: neither a folder nor an http, https or file URL: correct it")


def torchvision_address() -> str:
    """The address that torchvision downloads Omniglot from."""
    from torchvision.datasets import Omniglot  # late: it takes seconds

    return str(Omniglot.download_url_prefix)


def mirror() -> str:
    """Return the user's own address, or an empty text."""
    return os.environ.get("OMNIGLOT_MIRROR", "").strip()


def wrong_mirror(error: Unreachable) -> UserError:
    """Return the error for a mirror that is set and fails: the next source is not tried."""
    return UserError(f"{error}: correct OMNIGLOT_MIRROR, or unset it to try the next of data.omniglot.sources")


def check_mirror(sources: Sequence[str]) -> None:
    """Raise UserError where the mirror is set and first of the sources, but has no archives; they are not read."""
    if mirror() and sources[0] == "mirror":
        for part in OMNIGLOT:
            try:
                _check(mirror(), part)
            except Unreachable as error:
                raise wrong_mirror(error) from error


def _check(address: str, part: Part) -> None:
    scheme = address.partition("://")[0].casefold()
    if scheme in ("http", "https"):
        try:
            requests.get(_url(address, part.archive), stream=True, timeout=TIMEOUT).raise_for_status()
        except (requests.RequestException, ValueError) as error:
            raise Unreachable(f"{_shown(address, part)}: {_cause(error)}") from None
    elif "://" not in address and not _local(address, part).is_file():
        raise Unreachable(f"{_shown(address, part)}: no such file")


def without_secrets(address: str) -> str:
    """Return an address as it may be printed, logged and recorded: without user, password, query and fragment.

    Paths of this machine that begin with `/`, `~`, `.` or a drive are returned whole.
    """
    address = address.strip()
    if re.match(r"/(?!/)|[~.]|[a-z]:[/\\]", address, re.IGNORECASE):
        return address
    scheme = re.match(r"(([a-z][a-z0-9+.-]*:)?/+)?", address, re.IGNORECASE)[0]  # type: ignore[index]
    before, _, shown = address.removeprefix(scheme).rpartition("@")
    # A `?` or `#` before the last `@` is part of a password or begins a query: nothing tells which.
    return scheme + ("..." if re.search("[?#]", before) else re.split("[?#]", shown)[0])


def _read_local(folder: str, address: str, part: Part) -> dict[str, bytes]:
    try:
        return read_archive(_local(folder, part), part)
    except OSError as error:
        raise Unreachable(f"{_shown(address, part)}: {error.strerror or error}") from error


def _local(folder: str, part: Part) -> Path:
    return expanded(folder) / part.archive


def _shown(address: str, part: Part) -> str:
    return f"{without_secrets(address).rstrip('/')}/{part.archive}"


def _fetch_http(address: str, part: Part, downloads: Path) -> dict[str, bytes]:
    """Return what was downloaded before, if it is still good, or download it."""
    kept = downloads / part.archive
    if kept.exists():
        try:
            return read_archive(kept, part)
        except UserError as error:
            log.warning("%s; downloading it again", error)
            kept.unlink()
    _download(address, part, downloads)
    try:
        return read_archive(kept, part)
    except UserError as error:
        kept.unlink()
        raise UserError(f"{without_secrets(address)}: {error}") from error


def _download(address: str, part: Part, downloads: Path) -> None:
    """Download one archive: completely, or nothing is left of it."""
    pooch.get_logger().setLevel(logging.WARNING)  # its other messages contain the address with its password
    log.info("downloading %s", _shown(address, part))
    progress = BoundedProgress(desc=part.archive, unit="B", unit_scale=True, disable=None)
    downloader = pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT)
    try:
        urls = {part.archive: _url(address, part.archive)}
        source = pooch.create(downloads, "", registry={part.archive: None}, urls=urls, retry_if_failed=RETRIES)
        source.fetch(part.archive, downloader=downloader)
    except (requests.RequestException, ValueError) as error:
        raise Unreachable(
            f"{_shown(address, part)}: {_cause(error)}"
        ) from None  # its traceback would contain the address
    except OSError as error:
        raise unwritable(downloads / part.archive, MAXIMUM_ARCHIVE, error) from error


def _url(base_url: str, name: str) -> str:
    """Return the URL of a file below a base URL, whose query stays. Raises ValueError when it is malformed."""
    parts = urllib.parse.urlsplit(base_url)
    url = urllib.parse.urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{name}"))
    requests.Request("GET", url).prepare()
    return url


def _cause(error: Exception) -> str:
    """Describe an error of the connection without its message, which contains the address."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}"
    if isinstance(error, ValueError):
        return "not a URL: write special characters of user and password as %40"
    reasons = (getattr(cause, "strerror", None) for cause in _chain(error))
    return next(filter(None, reasons), type(error).__name__)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it followed."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
