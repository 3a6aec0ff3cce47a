"""Archives of a few characters, and a server on this machine that misbehaves on request."""

import http.server
import io
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from metascore.data.download import Patience

PATIENCE = Patience(attempts=3, wait=0.01, timeout=0.5)


def png(seed: int) -> bytes:
    """A drawing as Omniglot has it: 105 x 105 pixels of one bit, ink = 0."""
    ink = np.random.default_rng(seed).random((105, 105)) < 0.1
    file = io.BytesIO()
    Image.fromarray(~ink).save(file, format="PNG")
    return file.getvalue()


def drawings(name: str) -> dict[str, bytes]:
    """Two alphabets of two characters, each drawn by three drawers."""
    characters = [f"{alphabet}/character{i:02d}" for alphabet in (f"A_{name}", f"B_{name}") for i in (1, 2)]
    paths = [f"images_{name}/{c}/{i:04d}_{d:02d}.png" for i, c in enumerate(characters) for d in (1, 2, 3)]
    return {path: png(seed) for seed, path in enumerate(paths)}


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    """Write a zip file with these entries, compressed."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


@dataclass
class Server:
    """What the server did, and how it is to misbehave: faults are used up, one a request."""

    address: str
    folder: Path
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # the Range header of each request, or ""
    ranges: bool = True


def handler(server: Server) -> type[http.server.BaseHTTPRequestHandler]:
    """Return what answers the requests to `server`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append(self.headers.get("Range", ""))
            fault = server.faults.pop(0) if server.faults else ""
            path = server.folder / self.path.strip("/")
            if fault.isdecimal() or not path.is_file():
                return self.send_error(int(fault or 404))
            self._answer(path.read_bytes(), fault)

        def _answer(self, content: bytes, fault: str) -> None:
            wanted = self.headers.get("Range") if server.ranges else None
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
            if start >= len(content):
                return self.send_error(416)
            self.send_response(206 if wanted else 200)
            if fault != "unsized":
                self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self._send(content[start:], fault)

        def _send(self, content: bytes, fault: str) -> None:
            half = len(content) // 2
            if fault == "trickle":
                for first in range(0, len(content), 500):
                    self.wfile.write(content[first : first + 500])
                    time.sleep(0.02)
            elif fault in ("break", "stall"):
                self.wfile.write(content[:half])
                time.sleep(1.0 if fault == "stall" else 0)
            else:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    return Handler
