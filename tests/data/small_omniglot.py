"""Archives of a few characters, and a server on this machine that misbehaves on request."""

import http.server
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image


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
    """What the server was asked for, and how it fails: one fault a request (a status, `break` or `unsized`)."""

    address: str
    folder: Path
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)  # paths with queries
    authorisations: list[str] = field(default_factory=list)


def handler(server: Server) -> type[http.server.BaseHTTPRequestHandler]:
    """Return what answers the requests to `server`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.requests.append(self.path)
            server.authorisations.append(self.headers.get("Authorization", ""))
            fault = server.faults.pop(0) if server.faults else ""
            path = server.folder / self.path.partition("?")[0].strip("/")
            if fault.isdecimal() or not path.is_file():
                return self.send_error(int(fault or 404))
            content = path.read_bytes()
            self.send_response(200)
            if fault != "unsized":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if fault == "break" else content)

        def log_message(self, *_: object) -> None:
            """Keep the tests' output clean."""

    return Handler
