"""Bad input among pictures of one's own: an error where results would be wrong, else a line for what is left out.

Every row runs the commands that a user's run would, on a folder of six classes of three pictures.
"""

import logging
import os
import shutil
import struct
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from small_project import LEARNERS, write_params

from metascore.cli import main
from metascore.files import read_json

Damage = Callable[[Path], object]
CLASSES, EACH = 6, 3
FLOWERS = {"kind": "folder", "path": "flowers", "size": 28, "channels": 1}
TASK = {"problem": "images", "data_set": "flowers", "way": 2, "shot": 1, "query": 1}
READ, SPLIT = ("pictures", "--name", "flowers"), ("split", "--name", "flowers/class")
DRAW = ("episodes", "--file", "flowers/class-test-2w1s1q-32.npy")
SOURCE = Path("data/pictures/flowers/source.json")
NFC, NFD = "\u00e9clair", unicodedata.normalize("NFD", "\u00e9clair")


def draw(path: Path, seed: int, size: tuple[int, int] = (40, 30), mode: str = "L", **options: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(path, **options)


def blank(name: str, size: tuple[int, int]) -> Damage:
    """A picture of one bit a pixel: few bytes, many pixels."""
    return lambda place: Image.new("1", size).save(place / name)


def written(name: str, content: bytes) -> Damage:
    return lambda place: (place / name).write_bytes(content)


def drawn(*names: str, same: bool = False) -> Damage:
    """More pictures, distinct unless they are to be the same."""
    return lambda place: [draw(place / name, 900 if same else 900 + k) for k, name in enumerate(names)]


def cut(name: str) -> Damage:
    def damage(place: Path) -> None:
        draw(place / name, 900)
        (place / name).write_bytes((place / name).read_bytes()[:-300])

    return damage


def linked(name: str, target: str) -> Damage:
    """A link to a place beside the folder, which has a picture."""

    def damage(place: Path) -> None:
        draw(place.parent / "elsewhere/1.png", 900)
        (place / name).symlink_to(place.parent / target)

    return damage


def few(*classes: int) -> Damage:
    """Classes that keep one picture."""
    return lambda place: [(place / f"class{number}" / f"{k}.png").unlink() for number in classes for k in (1, 2)]


LEFT_OUT: dict[str, tuple[Damage, int, list[str]]] = {
    # name: (damage, pictures that are taken in, words of the line; none where nothing is to be said)
    "a link that leaves the folder": (linked("class0/a.png", "elsewhere/1.png"), 18, ["class0/a.png", "leaves"]),
    "systems' folders": (drawn("$RECYCLE.BIN/S-1-5/1.png", "class0/@eaDir/1.png"), 18, []),
    "a folder's link that leaves it": (linked("class9", "elsewhere"), 18, ["class9", "leaves"]),
    "a link that leads nowhere": (linked("class0/a.png", "flowers/none.png"), 18, ["class0/a.png", "no file"]),
    "a link to the folder itself": (linked("class0/a", "flowers"), 18, ["class0/a", "read anyway"]),
    "hidden files": (drawn("class0/.a.png", ".trash/1.png", "__MACOSX/1.png"), 18, []),
    "a file that is no picture": (written("class0/notes.txt", b"notes"), 18, ["notes.txt", "no picture"]),
    "a picture in no class": (drawn("all.png"), 18, ["all.png", "no class"]),
    "text that is called a picture": (written("class0/a.png", b"text"), 18, ["class0/a.png", "known format"]),
    "an empty file": (written("class0/a.jpg", b""), 18, ["class0/a.jpg", "unreadable"]),
    "half a picture": (cut("class0/a.jpg"), 18, ["class0/a.jpg", "unreadable"]),
    "a decompression bomb": (blank("class0/a.png", (30_000, 30_000)), 18, ["class0/a.png", "too many pixels"]),
    "a picture 30,000 pixels wide": (blank("class0/a.png", (30_000, 40)), 19, []),
    "the same picture twice in a class": (
        drawn("class0/a.png", "class0/b.png", same=True), 20, ["class0/b.png", "a.png", "both are kept"],
    ),
    "names in other scripts": (drawn("花/1.png", "ж, з/1.png", "😀/1.png"), 21, []),
}  # fmt: skip
REFUSED: dict[str, tuple[Damage, list[str]]] = {
    # name: (damage, words of the one line)
    "no such folder": (shutil.rmtree, ["flowers", "no such folder", "data.*.path"]),
    "a file in its place": (
        lambda place: (shutil.rmtree(place), place.write_text("")), ["flowers", "no such folder"],
    ),
    "no pictures": (lambda place: (shutil.rmtree(place), place.mkdir()), ["flowers", "no class", ".png"]),
    "nothing that can be read": (
        lambda place: [path.write_bytes(b"") for path in place.rglob("*.png")], ["class0/0.png", "all others"],
    ),
    "the same picture in two classes": (
        drawn("class0/a.png", "class1/b.bmp", same=True), ["class1/b.bmp", "class0/a.png", "another class", "delete"],
    ),
    "names that differ in case": (drawn("Class0/9.png"), ["Class0", "class0", "case", "rename"]),
    "names that differ in the coding of accents": (drawn(f"{NFC}/1.png", f"{NFD}/1.png"), ["accents", "rename"]),
    "a name that cannot be printed": (drawn("a\nb/1.png"), ["a\\nb", "rename"]),
    "pictures beside folders of classes": (drawn("class0/more/1.png"), ["class0", "more", "pictures only"]),
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of pictures in a project that has it as a data set."""
    write_params(tmp_path, LEARNERS)
    for file, section, key, value in (
        ("params.yaml", "data", "flowers", FLOWERS),
        ("params.yaml", "tasks", "flowers_2w1s", TASK),
        ("params/smoke.yaml", None, "tasks", ["flowers_2w1s"]),
    ):
        content = yaml.safe_load((tmp_path / file).read_text())
        (content if section is None else content[section])[key] = value
        (tmp_path / file).write_text(yaml.safe_dump(content))
    for number in range(CLASSES):
        for k in range(EACH):
            draw(tmp_path / f"flowers/class{number}/{k}.png", EACH * number + k)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "flowers"


def messages(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines that a user has seen of the commands so far."""
    return [*filter(None, capsys.readouterr().err.splitlines()), *caplog.messages]


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_is_named_in_one_line(name, place, capsys, caplog):
    damage, count, words = LEFT_OUT[name]
    damage(place)
    with caplog.at_level(logging.WARNING):
        assert main([*READ]) == 0
    lines = [line for line in messages(capsys, caplog) if "flowers" in line]
    assert read_json(SOURCE)["images"] == count
    assert len({*lines}) == (1 if words else 0), lines
    assert all(word in line for line in lines for word in words)


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_make_results_wrong_is_an_error_and_nothing_is_written(name, place, capsys):
    damage, words = REFUSED[name]
    damage(place)
    assert main([*READ]) == 1
    written = capsys.readouterr().err
    assert written.count("\n") == 1 and written.startswith("metascore pictures: ")
    assert all(word in written for word in words), written
    assert not SOURCE.exists() and not SOURCE.with_name("images.npy").exists()


def test_classes_with_too_few_pictures_are_left_out_of_episodes_and_named(place, capsys, caplog):
    (place.parent / "params.yaml").write_text(
        (place.parent / "params.yaml")
        .read_text()
        .replace("    size: 28", "    size: 28\n    split: {name: class, test: 3}")
    )
    few(*range(CLASSES))(place)
    assert main([*READ]) == main([*SPLIT]) == 0
    assert main([*DRAW]) == 1
    lines = messages(capsys, caplog)
    assert "2-way episodes need 2 classes of 2 pictures" in lines[0] or "need 2 classes of 2" in " ".join(lines)
    for number in range(CLASSES - 1):
        draw(place / f"class{number}/new.png", 700 + number)
    with caplog.at_level(logging.WARNING):
        assert main([*READ]) == main([*SPLIT]) == 0
        status = main([*DRAW])
    test = read_json(Path("data/splits/flowers/class.json"))["test"]
    assert status == 0 and ("class5 left out: shot + query are 2, it has 1" in caplog.text) == (CLASSES - 1 in test)


def test_a_folder_that_may_not_be_read_is_an_error(place, capsys, monkeypatch):
    listed = os.scandir

    def refused(folder: os.PathLike[str]) -> object:
        if Path(folder).name == "flowers":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(os, "scandir", refused)
    assert main([*READ]) == 1
    assert "Permission denied: make the folder readable" in capsys.readouterr().err


TINY = struct.pack("<2sIHHI", b"BM", 58, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 24, 0, 4, 0, 0, 0, 0)
MANY, WITHIN = 100_000, 250  # files; megabytes beside those of Python and its libraries
MEASURED = """
import resource, sys
from pathlib import Path
from metascore.data import folder, reading
from metascore.data.pictures import Look
place, before = Path(sys.argv[1]), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
census = reading.write_pictures(place.parent / "images.npy", folder.listed(place), Look(28, 3))
print(census.count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
def test_a_hundred_thousand_files_in_bounded_memory(tmp_path):
    """Their pixels are 235 MB."""
    place = tmp_path / "set"
    for number in range(MANY):
        path = place / f"class{number % 100:02d}" / f"{number}.bmp"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(TINY + number.to_bytes(4, "little"))
    command = (sys.executable, "-c", MEASURED, str(place))
    count, megabytes = map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert count == MANY and megabytes < WITHIN
