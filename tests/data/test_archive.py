"""Archives are checked in full: what is damaged or dangerous is one line, what is accepted is right."""

import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from small_omniglot import drawings, write_archive

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


@pytest.mark.parametrize("name", ["../x.png", "/etc/x.png", "images_background/../../x.png", "..\\x.png", "C:\\x.png"])
def test_an_entry_that_leaves_the_folder_is_refused(tmp_path: Path, part: Part, name: str) -> None:
    write_archive(tmp_path / "a.zip", drawings("background") | {name: b"x"})
    assert "would leave the target folder" in refusal(tmp_path / "a.zip", part)
    assert os.listdir(tmp_path) == ["a.zip"]


def test_a_link_is_refused(tmp_path: Path, part: Part) -> None:
    link = zipfile.ZipInfo("images_background/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc")
    assert "would leave the target folder" in refusal(tmp_path / "a.zip", part)


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


def test_a_missing_character_is_named(tmp_path: Path, part: Part) -> None:
    kept = {path: png for path, png in drawings("background").items() if "A_background/character01" not in path}
    write_archive(tmp_path / "a.zip", kept)
    assert "images_background/A_background/character01 is missing" in refusal(tmp_path / "a.zip", part)


def test_a_missing_last_character_is_counted(tmp_path: Path, part: Part) -> None:
    kept = {path: png for path, png in drawings("background").items() if "B_background/character02" not in path}
    write_archive(tmp_path / "a.zip", kept)
    assert "2 alphabets and 3 characters, not 2 and 4" in refusal(tmp_path / "a.zip", part)


def test_a_missing_drawing_is_named(tmp_path: Path, part: Part) -> None:
    kept = dict(list(drawings("background").items())[:-1])
    write_archive(tmp_path / "a.zip", kept)
    assert "B_background/character02 has 2 drawings, not 3" in refusal(tmp_path / "a.zip", part)


def test_another_drawing_is_refused(tmp_path: Path, part: Part) -> None:
    """Everything is there, and one drawing is not the original."""
    files = drawings("background")
    files["images_background/A_background/character01/0000_01.png"] = drawings("background").popitem()[1]
    write_archive(tmp_path / "a.zip", files)
    assert part.listing in refusal(tmp_path / "a.zip", part)


def test_a_zip_bomb_is_refused_unread(tmp_path: Path, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    write_archive(tmp_path / "a.zip", {"images_background/A/character01/0001_01.png": bytes(2 << 20)})
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("it was decompressed"))
    assert "no drawing of Omniglot's" in refusal(tmp_path / "a.zip", part)


def test_too_much_in_all_is_refused(tmp_path: Path, part: Part) -> None:
    write_archive(tmp_path / "a.zip", {f"images_background/{i}.png": bytes(1 << 20) for i in range(65)})
    assert "holds more than" in refusal(tmp_path / "a.zip", part)


def test_two_entries_of_one_name_are_refused(tmp_path: Path, part: Part) -> None:
    write_archive(tmp_path / "a.zip", drawings("background"))
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(next(iter(drawings("background"))), b"x")
    assert "two files of the same name" in refusal(tmp_path / "a.zip", part)


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
