"""Stage data: from a source to the three files, over good and bad connections."""

import base64
import json
import logging
import socket
import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_omniglot import Server, drawings

from metascore.config.documents import Document
from metascore.config.params import Config
from metascore.data.archive import Part
from metascore.data.download import Unreachable, check_mirror, fetch, without_secrets
from metascore.errors import UserError
from metascore.stages import data

Parts = tuple[Part, ...]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def download(server: Server, part: Part, folder: Path) -> dict[str, bytes]:
    return fetch(server.address, part, folder / "downloads")


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "downloads").iterdir())


def run(folder: Path, parts: Parts, *sources: str) -> Path:
    config = Config(
        Document("params.yaml", {"data": {"omniglot": {"sources": list(sources), "glyphs_seed": 0}}}), {}, "smoke"
    )
    data.run(config, folder / "data" / "omniglot", parts)
    return folder / "data" / "omniglot"


@pytest.fixture
def few_glyphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metascore.data.glyphs.SIZES", {"background": (2, 2), "evaluation": (2, 2)})


@pytest.mark.parametrize("faults", [[], ["unsized"], ["break"], ["503", "break"]])
def test_a_download_is_verified_and_kept(server: Server, parts: Parts, tmp_path: Path, faults: list[str]) -> None:
    tries = len([fault for fault in faults if fault != "unsized"]) + 1
    server.faults = faults
    for _ in range(2):  # the second time nothing is asked for
        assert download(server, parts[0], tmp_path) == drawings("background")
        assert left(tmp_path) == ["images_background.zip"] and len(server.requests) == tries


@pytest.mark.parametrize(
    "fault, words", [("break", "ConnectionError|ChunkedEncodingError|Incomplete"), ("503", "HTTP 503")]
)
def test_a_server_that_keeps_failing_is_unreachable_and_leaves_nothing(
    server: Server, parts: Parts, tmp_path: Path, fault: str, words: str
) -> None:
    server.faults = [fault] * 9
    with pytest.raises(Unreachable, match=rf"images_background\.zip: .*({words})"):
        download(server, parts[0], tmp_path)
    assert left(tmp_path) == []


def test_a_damaged_download_is_fetched_again(server: Server, parts: Parts, tmp_path: Path) -> None:
    download(server, parts[0], tmp_path)
    (tmp_path / "downloads" / parts[0].archive).write_bytes(b"damaged since")
    assert download(server, parts[0], tmp_path) == drawings("background")


def test_wrong_bytes_are_an_error_and_leave_nothing(server: Server, parts: Parts, tmp_path: Path) -> None:
    archive = server.folder / parts[0].archive
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(UserError, match=f"^{server.address}: .*OMNIGLOT_MIRROR[^\n]*$") as caught:
        download(server, parts[0], tmp_path)
    assert not isinstance(caught.value, Unreachable) and left(tmp_path) == []


def test_an_endless_file_is_refused(
    server: Server, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metascore.data.download.MAXIMUM_ARCHIVE", 1000)
    server.faults = ["unsized"]
    with pytest.raises(UserError, match="more than 1000 bytes"):
        download(server, parts[0], tmp_path)
    assert left(tmp_path) == []


def test_a_refused_connection_is_unreachable(parts: Parts, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        fetch(f"http://127.0.0.1:{port}", parts[0], tmp_path)


SECRETS = {
    "http://me:hidden@127.0.0.1:9/o": "http://127.0.0.1:9/o",
    " HTTP://me:hidden@127.0.0.1:9/o": "HTTP://127.0.0.1:9/o",
    "HtTpS://me:hidden@127.0.0.1:9": "HtTpS://127.0.0.1:9",
    "ftp://me:hidden@host/o": "ftp://host/o",
    "s3://key:hidden@bucket/o": "s3://bucket/o",
    "http://me:hid/hidden@127.0.0.1:9/o": "http://127.0.0.1:9/o",
    "http://me:hid#hidden@127.0.0.1:9/o": "http://...",
    "http://127.0.0.1:9/o?token=hidden": "http://127.0.0.1:9/o",
    "http://127.0.0.1:9/o?token=me@hidden": "http://...",
    "http://127.0.0.1:9/o#hidden": "http://127.0.0.1:9/o",
    "me:hidden@host:/o": "host:/o",
    "http:me:hidden@host/o": "host/o",
    "file://me:hidden@host/o": "file://host/o",
    "//me:hidden@host/o": "//host/o",
}


@pytest.mark.parametrize("address", SECRETS)
def test_secrets_of_an_address_are_neither_printed_nor_logged(
    parts: Parts, tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert without_secrets(address) == SECRETS[address]
    with caplog.at_level(logging.DEBUG), pytest.raises(UserError) as caught:
        fetch(address, parts[0], tmp_path)
    logged = [record.getMessage() for record in caplog.records if record.name.startswith(("metascore", "pooch"))]
    assert "hidden" not in " ".join([*traceback.format_exception(caught.value)[-1:], *logged])
    assert SECRETS[address] in str(caught.value)


def test_a_server_gets_the_user_the_password_and_the_query(server: Server, parts: Parts, tmp_path: Path) -> None:
    address = server.address.replace("http://", "HTTP://me:hid%2Fden@")
    assert fetch(f" {address}/?token=1", parts[0], tmp_path) == drawings("background")
    assert server.authorisations == [f"Basic {base64.b64encode(b'me:hid/den').decode()}"]
    assert server.requests == ["/images_background.zip?token=1"]


@pytest.mark.parametrize("path", ["/data/a@b/omniglot", "~/a@b", "./a@b", "C:\\a@b"])
def test_a_path_is_shown_whole(path: str) -> None:
    assert without_secrets(path) == path


def test_every_route_gives_the_same_files(
    server: Server, mirror: Path, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metascore.stages.data.torchvision_address", lambda: server.address)
    found = []
    monkeypatch.setenv("HOME", str(mirror.parent))
    addresses = [str(mirror), f"~/{mirror.name}", mirror.as_uri(), server.address, f"{server.address}/", ""]
    for number, address in enumerate(addresses):
        monkeypatch.setenv("OMNIGLOT_MIRROR", address)
        target = run(tmp_path / str(number), parts, "mirror", "torchvision")
        found.append({path.name: path.read_bytes() for path in target.iterdir()})
    assert all(files == found[0] for files in found)
    images, table = np.load(target / "images.npy"), pd.read_csv(target / "characters.csv")
    assert images.shape == (8, 3, 28, 28) and images.dtype == np.uint8 and table["index"].tolist() == list(range(8))
    assert list(table.columns) == ["index", "part", "alphabet", "character"]
    source = json.loads(found[0]["source.json"])
    assert source["synthetic"] is False and source["digests"]["images_background"] == parts[0].listing


def test_unreachable_falls_back_to_glyphs_and_says_so(
    parts: Parts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    few_glyphs: None,
) -> None:
    monkeypatch.delenv("OMNIGLOT_MIRROR", raising=False)
    monkeypatch.setattr("metascore.stages.data.torchvision_address", lambda: f"file://{tmp_path}/nowhere")
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
    words = f"{address.rpartition('/')[2]}.*correct OMNIGLOT_MIRROR, or unset it[^\n]*$"
    with pytest.raises(UserError, match=words):
        run(tmp_path, parts, "mirror", "glyphs")
    with pytest.raises(UserError, match=words):
        check_mirror(["mirror", "glyphs"])
    check_mirror(["glyphs"])
    assert not (tmp_path / "data" / "omniglot").exists()


def test_a_good_mirror_is_not_refused_before_the_workflow(mirror: Path, server: Server, monkeypatch) -> None:
    for address in (str(mirror), mirror.as_uri(), server.address, ""):
        monkeypatch.setenv("OMNIGLOT_MIRROR", address)
        check_mirror(["mirror"])


def test_without_glyphs_unreachable_is_an_error_with_every_reason(
    server: Server, parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMNIGLOT_MIRROR", raising=False)
    monkeypatch.setattr("metascore.stages.data.torchvision_address", lambda: f"{server.address}/nowhere")
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
