"""Fixtures: a small Omniglot in a folder, and on a server."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_omniglot import Server, drawings, handler, write_archive

from metascore.data.archive import Part, listing_digest


@pytest.fixture(scope="session")
def parts() -> tuple[Part, ...]:
    """What the archives of `mirror` must contain."""
    names = ("background", "evaluation")
    return tuple(Part(name, len(drawings(name)), listing_digest(drawings(name))) for name in names)


@pytest.fixture
def mirror(tmp_path: Path, parts: tuple[Part, ...]) -> Path:
    """A folder with two good archives."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for part in parts:
        write_archive(folder / part.archive, drawings(part.name))
    return folder


@pytest.fixture
def server(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of the folder `mirror`."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server("", mirror)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler(state)) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.address = f"http://127.0.0.1:{listener.server_port}"
        yield state
        listener.shutdown()
        thread.join()
