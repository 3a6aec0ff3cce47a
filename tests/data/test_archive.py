"""Archives are verified: a damaged or dangerous one gives one line, and an accepted one the right drawings."""

import os
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from small_omniglot import drawings, png, write_archive

from metascore.data.archive import OMNIGLOT, Part, read_archive
from metascore.data.omniglot import decode, read_omniglot
from metascore.errors import UserError


@pytest.fixture
def part(parts: tuple[Part, ...]) -> Part:
    return parts[0]


def refusal(path: Path, part: Part) -> str:
    with pytest.raises(UserError) as caught:
        read_archive(path, part)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert "OMNIGLOT_MIRROR" in message  # the cure
    return message


def test_a_good_archive_is_read(mirror: Path, part: Part) -> None:
    assert read_archive(mirror / part.archive, part) == drawings("background")


def test_folders_and_other_files_are_ignored(tmp_path: Path, part: Part) -> None:
    others = {"images_background/": b"", "__MACOSX/images_background/._0001_01.png": b"x"}
    write_archive(tmp_path / "a.zip", drawings("background") | others)
    assert len(read_archive(tmp_path / "a.zip", part)) == 12


def test_truncated_archives_are_refused(mirror: Path, part: Part) -> None:
    path = mirror / part.archive
    content = path.read_bytes()
    for length in (0, 1, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        refusal(path, part)


def test_a_flipped_byte_is_refused_or_changes_nothing(mirror: Path, part: Part) -> None:
    """Wherever it is: some bytes, such as dates, don't matter."""
    path, good = mirror / part.archive, drawings("background")
    content = path.read_bytes()
    refused = 0
    for position in range(0, len(content), 41):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        try:
            assert read_archive(path, part) == good
        except UserError:
            refused += 1
    assert refused > len(content) / 41 * 0.8


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"images_background/A_background/character01/0000_01.png": None}, "11 drawings are not Omniglot's 12"),
        ({"images_background/A_background/character01/0000_01.png": png(99)}, "12 drawings are not Omniglot's 12"),
        ({"images_background/A_background/character01/0000_04.png": png(99)}, "more than 12 drawings"),
        ({"images_background/A_background/character01/0000_01.png": bytes(2 << 20)}, "not a drawing of Omniglot"),
    ],
)
def test_other_drawings_are_refused(tmp_path: Path, part: Part, changes: dict[str, bytes | None], words: str) -> None:
    files = drawings("background") | changes
    write_archive(tmp_path / "a.zip", {name: content for name, content in files.items() if content is not None})
    assert words in refusal(tmp_path / "a.zip", part)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_a_bomb_that_claims_a_small_size_is_refused_in_little_memory(
    tmp_path: Path, part: Part, compression: int
) -> None:
    """Its directory says 1000 bytes, and its content is 256 MB."""
    path, name = tmp_path / "a.zip", "images_background/A_background/character01/0000_01.png"
    size = 256 << 20
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(name, bytes(size))
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", size), struct.pack("<L", 1000)))
    tracemalloc.start()
    refusal(path, part)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_an_encrypted_archive_is_refused(tmp_path: Path, part: Part) -> None:
    write_archive(tmp_path / "a.zip", drawings("background"))
    content = (tmp_path / "a.zip").read_bytes()
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        pieces = content.split(header)
        content = header.join(
            piece[: flags - 4] + b"\x01" + piece[flags - 3 :] if k else piece for k, piece in enumerate(pieces)
        )
    (tmp_path / "a.zip").write_bytes(content)
    assert "encrypted" in refusal(tmp_path / "a.zip", part)


def test_images_and_table_go_together() -> None:
    images, table = read_omniglot([(name, drawings(name)) for name in ("background", "evaluation")])
    assert images.shape == (8, 3, 28, 28) and images.dtype == np.uint8
    assert table["part"].tolist() == ["background"] * 4 + ["evaluation"] * 4
    assert list(table.loc[5, ["alphabet", "character"]]) == ["A_evaluation", "character02"]
    path = "images_evaluation/A_evaluation/character02/0001_03.png"
    assert np.array_equal(images[5, 2], decode(drawings("evaluation")[path]))


def test_resizing_is_antialiased() -> None:
    """Resizing by nearest neighbour would leave ink of 0 and 255 only, and lose some of it."""
    image = decode(next(iter(drawings("background").values())))
    assert len(np.unique(image)) > 20
    assert image.mean() == pytest.approx(25.5, abs=3)  # a tenth of the drawing is ink


@pytest.mark.skipif(not Path(os.environ.get("OMNIGLOT_MIRROR") or "-").is_dir(), reason="no OMNIGLOT_MIRROR folder")
def test_the_real_archives_have_the_digests() -> None:
    folder = Path(os.environ["OMNIGLOT_MIRROR"])
    found = [len(read_archive(folder / part.archive, part)) for part in OMNIGLOT]
    assert found == [19280, 13180]
