"""A folder of pictures: what is taken in, what is left out and named, what is an error; pixels as viewers show them."""

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from metascore.data import folder, pictures, reading
from metascore.data.pictures import Look, Unreadable
from metascore.errors import UserError

GREY, COLOUR = Look(8, 1), Look(8, 3)


def save(path: Path, value: Any = 0, mode: str = "L", size: tuple[int, int] = (8, 8), **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(path, **options)
    return path


def names(root: Path) -> dict[str, list[str]]:
    return {one.name: [file.name for file in one.files] for one in folder.listed(root).classes}


def collected(root: Path, look: Look = GREY) -> tuple[np.ndarray, reading.Census]:
    census = reading.write_pictures(root.parent / "images.npy", folder.listed(root), look)
    return np.load(root.parent / "images.npy"), census


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two groups of two classes, of two and three pictures."""
    for group, classes in (("a", "xy"), ("b", "zx")):
        for number, one in enumerate(classes):
            for k in range(2 + number):
                save(tmp_path / "set" / group / one / f"{k}.png", value=len(list(tmp_path.rglob("*.png"))))
    return tmp_path / "set"


def test_classes_groups_and_counts(root):
    images, census = collected(root)
    assert [(row.name, row.group, row.first, row.count) for row in census.rows] == [
        ("a/x", "a", 0, 2), ("a/y", "a", 2, 3), ("b/x", "b", 5, 3), ("b/z", "b", 8, 2)
    ]  # fmt: skip
    assert images.shape == (10, 8, 8, 1) and images.dtype == np.uint8
    assert images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 7, 8, 9, 5, 6]


def test_classes_side_by_side_have_no_group(tmp_path):
    save(tmp_path / "one" / "1.JPG"), save(tmp_path / "two" / "1.jpeg")
    assert [(one.name, one.group) for one in folder.listed(tmp_path).classes] == [("one", ""), ("two", "")]


def test_a_picture_in_two_classes_is_an_error_whatever_its_format(root):
    noise = np.random.default_rng(0).integers(0, 256, (9, 9), dtype=np.uint8)
    Image.fromarray(noise).save(root / "a" / "x" / "same.png")
    Image.fromarray(noise).save(root / "b" / "z" / "same.bmp")
    with pytest.raises(UserError, match=r"b/z/same\.bmp: the same picture as .*a/x/same\.png, in another class"):
        collected(root)


def wide(path: Path, values: Any) -> None:
    """A picture of 16 bits, as a PNG file, grey (height, width) or in colour (height, width, 3)."""
    array = np.asarray(values, dtype=">u2")
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = b"".join(b"\0" + row.tobytes() for row in array)
    header = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], 16, 2 if array.ndim == 3 else 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    pieces = (struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(pieces))


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3)])
def test_dark_pictures_of_sixteen_bits_are_not_the_same_picture(tmp_path, shape):
    random = np.random.default_rng(0)
    for k in range(4):
        wide(tmp_path / f"set/class{k}/1.png", random.integers(0, 120, shape))
    images, census = collected(tmp_path / "set")
    assert census.count == 4
    assert len(shape) == 3 or (images.max() > 100 and len(np.unique(images, axis=0)) == 4)


@pytest.mark.parametrize(
    "highest, seen", [(100, 100), (255, 255), (1023, 255), (4095, 255), (3000, 187), (16383, 255), (65535, 255)]
)
def test_the_depth_is_that_of_the_data_set(tmp_path, highest, seen):
    wide(tmp_path / "set/a/1.png", np.full((8, 8), highest))
    wide(tmp_path / "set/b/1.png", np.full((8, 8), highest // 2))
    images, _ = collected(tmp_path / "set")
    assert images[0, 0, 0, 0] == seen and abs(int(images[1, 0, 0, 0]) - seen // 2) <= 1


def test_pictures_that_differ_in_colour_only_are_not_the_same(tmp_path):
    save(tmp_path / "set/a/1.png", (30, 0, 0), "RGB"), save(tmp_path / "set/b/1.png", (9, 9, 9), "RGB")
    save(tmp_path / "set/c/1.png", (9, 9, 9, 254), "RGBA"), save(tmp_path / "set/d/1.png", 9, "L", size=(9, 9))
    assert collected(tmp_path / "set")[1].count == 4


@pytest.mark.parametrize("name", ["1.ppm", "1.pgm", "1.pnm", "1.pbm", "1.jfif", "1.jpe", "1", "1.PNG"])
def test_other_suffixes_and_none(tmp_path, name):
    kind = {"1.ppm": "PPM", "1.pgm": "PPM", "1.pnm": "PPM", "1.pbm": "PPM"}.get(
        name, "PNG" if "PNG" in name else "JPEG"
    )
    save(tmp_path / "set/a" / name, 1, "1" if name == "1.pbm" else "L", format=kind)
    (tmp_path / "set/a/README").write_text("no picture")
    listing = folder.listed(tmp_path / "set")
    assert [file.name for file in listing.files] == [name] and [reason for _, reason in listing.left_out] == [
        "no picture"
    ]


@pytest.mark.parametrize(
    "name", ["$RECYCLE.BIN/S-1-5", "$Recycle.Bin", "@eaDir", "rose/@eaDir", "__MACOSX", "System Volume Information",
             "lost+found", "LOST.DIR", "#recycle", ".Trashes", "found.000", "@Recycle", "$Extend"],
)  # fmt: skip
def test_what_systems_leave_is_no_class(tmp_path, name):
    save(tmp_path / "set/rose/1.png"), save(tmp_path / "set" / name / "2.png")
    listing = folder.listed(tmp_path / "set")
    assert [one.name for one in listing.classes] == ["rose"] and not listing.left_out


def test_a_locale_without_letters_is_named_and_not_the_folder(tmp_path, monkeypatch):
    save(tmp_path / os.fsdecode("花".encode()[:2]) / "1.png")
    with pytest.raises(UserError, match="cannot be printed: rename"):
        folder.listed(tmp_path)
    monkeypatch.setattr("sys.getfilesystemencoding", lambda: "ascii")
    with pytest.raises(UserError, match=r"locale.*PYTHONUTF8=1"):
        folder.listed(tmp_path)


def pixel(path: Path, look: Look = COLOUR) -> list[int]:
    """The colour of a picture that has one."""
    pixels = pictures.read(path, look).pixels
    assert pixels.shape == look.shape and (pixels == pixels[0, 0]).all()
    return pixels[0, 0].tolist()


@pytest.mark.parametrize(
    "mode, value, seen",
    [
        ("1", 1, 255), ("L", 100, 100), ("RGB", (10, 20, 30), [10, 20, 30]), ("P", 0, 0),
        ("RGBA", (10, 20, 30, 255), [10, 20, 30]), ("RGBA", (10, 20, 30, 0), 255), ("LA", (0, 0), 255),
        ("I;16", 25700, 100), ("I;16", 65535, 255),
    ],
)  # fmt: skip
def test_modes(tmp_path, mode, value, seen):
    assert pixel(save(tmp_path / "1.png", value, mode)) == (seen if isinstance(seen, list) else [seen] * 3)


def test_inks_of_a_printer_and_sixteen_bits_of_tiff(tmp_path):
    assert pixel(save(tmp_path / "1.tiff", (0, 0, 0, 255), "CMYK")) == [0, 0, 0]
    assert pixel(save(tmp_path / "2.jpg", (0, 0, 0, 0), "CMYK")) == [255, 255, 255]
    assert pixel(save(tmp_path / "3.tif", 25700, "I;16"), GREY) == [100]
    with pytest.raises(Unreadable, match="fractions"):
        pictures.read(save(tmp_path / "4.tif", 0.5, "F"), GREY)


def test_a_colour_that_means_transparent(tmp_path):
    assert pixel(save(tmp_path / "1.png", 3, "L", transparency=3), GREY) == [255]


def test_the_first_frame(tmp_path):
    frames = [Image.new("L", (8, 8), value) for value in (50, 200)]
    frames[0].save(tmp_path / "1.gif", save_all=True, append_images=frames[1:])
    assert pixel(tmp_path / "1.gif", GREY) == [50]


@pytest.mark.parametrize("suffix", ["png", "webp", "bmp", "gif", "tif", "tiff"])
def test_formats(tmp_path, suffix):
    options: dict[str, Any] = {"lossless": True} if suffix == "webp" else {}
    assert pixel(save(tmp_path / f"1.{suffix}", 77, "L", **options), GREY) == [77]


def test_a_camera_held_sideways(tmp_path):
    """The note says: turn by a quarter clockwise; the left half becomes the upper one."""
    pixels = np.zeros((8, 8), np.uint8)
    pixels[:, :4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "1.png", exif=exif)
    seen = pictures.read(tmp_path / "1.png", GREY).pixels[..., 0]
    assert (seen[:4] == 255).all() and (seen[4:] == 0).all()


def test_one_bit_becomes_grey_before_it_is_resized_and_ink_is_inverted(tmp_path):
    Image.fromarray(np.indices((80, 80)).sum(0) % 2 == 0).save(tmp_path / "1.png")
    grey = pictures.read(tmp_path / "1.png", Look(8, 1, invert=True)).pixels
    assert grey.min() > 100 and grey.max() < 155


def test_large_jpegs_are_decoded_small_and_wide_ones_squeezed(tmp_path):
    assert pixel(save(tmp_path / "1.jpg", (200, 100, 50), "RGB", size=(3000, 400)))[0] in range(196, 205)


def test_what_changes_the_fingerprint(root):
    def found() -> str:
        return folder.fingerprint(folder.listed(root).files, root)

    before = found()
    assert found() == before
    save(root / "a" / "x" / "0.png", 99)
    changed = found()
    save(root / "a" / "x" / "new.png", 99)
    assert len({before, changed, found()}) == 3
