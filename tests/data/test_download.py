"""The way from a source to the three files, over good and bad connections."""

import json
import logging
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_omniglot import PATIENCE, Server, drawings

from metascore.config.documents import Document
from metascore.config.params import Config
from metascore.data.archive import Part
from metascore.data.download import Patience, Unreachable, fetch
from metascore.errors import UsageError, UserError
from metascore.stages import data

Parts = tuple[Part, ...]


def download(server: Server, part: Part, folder: Path, patience: Patience = PATIENCE) -> dict[str, bytes]:
    return fetch(server.address, part, folder / "downloads", patience)


def left(folder: Path) -> list[str]:
    """The files in the downloads folder, without locks."""
    return sorted(path.name for path in (folder / "downloads").iterdir() if path.suffix != ".lock")


def run(folder: Path, parts: Parts, *sources: str) -> Path:
    config = Config(
        Document("params.yaml", {"data": {"omniglot": {"sources": list(sources), "glyphs_seed": 0}}}), {}, "smoke"
    )
    data.run(config, folder / "data" / "omniglot", parts, PATIENCE)
    return folder / "data" / "omniglot"


@pytest.fixture
def few_glyphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metascore.data.glyphs.SIZES", {"background": (2, 2), "evaluation": (2, 2)})


@pytest.mark.parametrize("fault", ["", "unsized", "trickle"])
def test_a_download_is_verified_and_kept(server: Server, parts: Parts, tmp_path: Path, fault: str) -> None:
    server.faults = [fault]
    assert download(server, parts[0], tmp_path) == drawings("background")
    assert left(tmp_path) == ["images_background.zip"]
    assert download(server, parts[0], tmp_path) == drawings("background")
    assert server.requests == [""]  # the second time nothing is asked for


@pytest.mark.parametrize("fault", ["break", "stall"])
def test_a_broken_transfer_goes_on_where_it_broke_off(server: Server, parts: Parts, tmp_path: Path, fault: str) -> None:
    server.faults = [fault]
    assert download(server, parts[0], tmp_path) == drawings("background")
    half = (server.folder / parts[0].archive).stat().st_size // 2
    assert server.requests == ["", f"bytes={half}-"]


def test_a_server_without_ranges_starts_anew(server: Server, parts: Parts, tmp_path: Path) -> None:
    server.faults, server.ranges = ["break"], False
    assert download(server, parts[0], tmp_path) == drawings("background")
    kept = tmp_path / "downloads" / parts[0].archive
    assert kept.read_bytes() == (server.folder / parts[0].archive).read_bytes()


def test_a_later_command_resumes(server: Server, parts: Parts, tmp_path: Path) -> None:
    server.faults = ["break"] * 3
    with pytest.raises(UserError, match=r"broke off after \d+ of \d+ bytes.*run the same command again"):
        download(server, parts[0], tmp_path)
    (partial,) = left(tmp_path)
    assert partial.endswith(".part")
    assert download(server, parts[0], tmp_path) == drawings("background")
    assert server.requests[-1].startswith("bytes=")
    assert left(tmp_path) == ["images_background.zip"]


def test_a_complete_partial_file_is_taken(server: Server, parts: Parts, tmp_path: Path) -> None:
    """The earlier command was killed between the last byte and the renaming."""
    download(server, parts[0], tmp_path)
    server.faults = ["break"] * 3
    other = tmp_path / "other"
    with pytest.raises(UserError):
        download(server, parts[0], other)
    partial = other / "downloads" / left(other)[0]
    partial.write_bytes((server.folder / parts[0].archive).read_bytes())
    assert download(server, parts[0], other) == drawings("background")


def test_a_partial_file_that_does_not_fit_is_replaced(server: Server, parts: Parts, tmp_path: Path) -> None:
    server.faults = ["break"] * 3
    with pytest.raises(UserError):
        download(server, parts[0], tmp_path)
    partial = tmp_path / "downloads" / left(tmp_path)[0]
    partial.write_bytes(b"x" * 1000)
    assert download(server, parts[0], tmp_path) == drawings("background")
    assert server.requests[-2:] == ["bytes=1000-", ""]


def test_a_damaged_download_is_fetched_again(server: Server, parts: Parts, tmp_path: Path) -> None:
    download(server, parts[0], tmp_path)
    (tmp_path / "downloads" / parts[0].archive).write_bytes(b"damaged since")
    assert download(server, parts[0], tmp_path) == drawings("background")


@pytest.mark.parametrize("damage", ["truncated", "corrupted"])
def test_wrong_bytes_are_an_error_and_leave_nothing(server: Server, parts: Parts, tmp_path: Path, damage: str) -> None:
    archive = server.folder / parts[0].archive
    content = archive.read_bytes()
    middle = len(content) // 3
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    archive.write_bytes(content[:-100] if damage == "truncated" else flipped)
    with pytest.raises(UserError, match=f"^{server.address}/images_background.zip: .*OMNIGLOT_MIRROR[^\n]*$"):
        download(server, parts[0], tmp_path)
    assert left(tmp_path) == []


@pytest.mark.parametrize("fault", ["", "unsized"])
def test_an_endless_file_is_refused(server: Server, parts: Parts, tmp_path: Path, fault: str) -> None:
    server.faults = [fault]
    with pytest.raises(UserError, match="more than 1000 bytes"):
        download(server, parts[0], tmp_path, Patience(attempts=1, largest=1000))
    assert left(tmp_path) == []


def test_a_missing_file_is_not_asked_for_again(server: Server, parts: Parts, tmp_path: Path) -> None:
    server.faults = ["404"]
    with pytest.raises(Unreachable, match="HTTP 404"):
        download(server, parts[0], tmp_path)
    assert len(server.requests) == 1


def test_a_busy_server_is_asked_again_with_growing_pauses(
    server: Server, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    server.faults = ["503", "503"]
    assert download(server, parts[0], tmp_path) == drawings("background")
    assert pauses == [PATIENCE.wait, 2 * PATIENCE.wait]


def test_a_refused_connection_is_unreachable(parts: Parts, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        fetch(f"http://127.0.0.1:{port}", parts[0], tmp_path, PATIENCE)


@pytest.mark.parametrize("address", ["s3://bucket/omniglot", "ftp://host/omniglot"])
def test_other_schemes_are_refused(parts: Parts, tmp_path: Path, address: str) -> None:
    with pytest.raises(UserError, match=f"^{address}: .*correct OMNIGLOT_MIRROR$"):
        fetch(address, parts[0], tmp_path)


def test_every_route_gives_the_same_files(
    server: Server, mirror: Path, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torchvision.datasets.Omniglot.download_url_prefix", server.address)
    found = []
    for number, address in enumerate([str(mirror), mirror.as_uri(), server.address, f"{server.address}/", ""]):
        monkeypatch.setenv("OMNIGLOT_MIRROR", address)
        target = run(tmp_path / str(number), parts, "mirror", "torchvision")
        found.append({path.name: path.read_bytes() for path in target.iterdir()})
    assert all(files == found[0] for files in found)
    assert sorted(found[0]) == ["characters.csv", "images.npy", "source.json"]


def test_the_files_are_as_the_other_stages_read_them(
    mirror: Path, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNIGLOT_MIRROR", str(mirror))
    target = run(tmp_path, parts, "mirror")
    images = np.load(target / "images.npy", mmap_mode="r")
    assert images.shape == (8, 3, 28, 28) and images.dtype == np.uint8
    table = pd.read_csv(target / "characters.csv")
    assert list(table.columns) == ["index", "part", "alphabet", "character"]
    assert table["index"].tolist() == list(range(8))
    source = json.loads((target / "source.json").read_text())
    assert source["name"] == "Omniglot" and source["synthetic"] is False
    assert source["digests"]["images_background"] == parts[0].listing


def test_unreachable_falls_back_to_glyphs_and_says_so(
    parts: Parts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    few_glyphs: None,
) -> None:
    monkeypatch.delenv("OMNIGLOT_MIRROR", raising=False)
    monkeypatch.setattr("torchvision.datasets.Omniglot.download_url_prefix", f"file://{tmp_path}/nowhere")
    target = run(tmp_path, parts, "mirror", "torchvision", "glyphs")
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert "nowhere" in warnings[-1] and "SYNTHETIC GLYPHS" in warnings[-1]
    source = json.loads((target / "source.json").read_text())
    assert source["name"] == "synthetic glyphs" and source["synthetic"] is True and source["seed"] == 0


@pytest.mark.parametrize("address", ["{place}/nowhere", "~/nowhere", "~nobody_of_this_name/x", "http://127.0.0.1:9/x"])
def test_a_mirror_that_fails_is_no_reason_for_glyphs(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_glyphs: None, address: str
) -> None:
    monkeypatch.setenv("OMNIGLOT_MIRROR", address.replace("{place}", str(tmp_path)))
    with pytest.raises(UserError, match=f"{address.rpartition('/')[2]}.*correct OMNIGLOT_MIRROR, or unset it[^\n]*$"):
        run(tmp_path, parts, "mirror", "glyphs")
    assert not (tmp_path / "data" / "omniglot").exists()


def test_a_mirror_may_lie_in_the_home_folder(mirror: Path, parts: Parts, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(mirror.parent))
    monkeypatch.setenv("OMNIGLOT_MIRROR", f"~/{mirror.name}")
    source = json.loads((run(tmp_path, parts, "mirror", "glyphs") / "source.json").read_text())
    assert source["synthetic"] is False


def test_without_glyphs_unreachable_is_an_error_with_every_reason(
    server: Server, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMNIGLOT_MIRROR", raising=False)
    monkeypatch.setattr("torchvision.datasets.Omniglot.download_url_prefix", f"{server.address}/nowhere")
    with pytest.raises(UserError) as caught:
        run(tmp_path, parts, "mirror", "torchvision")
    message = str(caught.value)
    assert "mirror (OMNIGLOT_MIRROR is not set)" in message and "HTTP 404" in message and "\n" not in message
    assert not (tmp_path / "data" / "omniglot").exists()


def test_a_corrupted_mirror_is_no_reason_for_glyphs(
    mirror: Path, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_glyphs: None
) -> None:
    (mirror / parts[1].archive).write_bytes(b"PK damaged")
    monkeypatch.setenv("OMNIGLOT_MIRROR", str(mirror))
    with pytest.raises(UserError, match=r"images_evaluation\.zip"):
        run(tmp_path, parts, "mirror", "glyphs")
    assert not (tmp_path / "data" / "omniglot").exists()


def test_an_unknown_source_is_a_usage_error(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data\.omniglot\.sources: 'torchvison'"):
        run(tmp_path, parts, "torchvison")
