"""Splits of pictures of one's own: by class, by group, by folders called after parts, by lists."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from metascore.data import class_splits, folder, near_equal, reading
from metascore.data.classes import Row
from metascore.data.pictures import Look
from metascore.data.splits import PARTS
from metascore.errors import UsageError, UserError
from metascore.files import write_json

FLOWERS = [f"{group}/{name}" for group in ("bulbs", "herbs", "shrubs", "trees", "vines") for name in ("a", "b", "c")]


def table(names: list[str]) -> list[Row]:
    return [Row(name, str(Path(name).parent), first=5 * k, count=5) for k, name in enumerate(names)]


def split(names: list[str], name: str, **settings: object) -> Mapping[str, set[str]]:
    """The names of each part's classes."""
    made = class_splits.make(table(names), {"name": name, **settings}, "data.flowers.split")
    assert all(made[part] == sorted(made[part]) for part in PARTS)
    return {part: {names[index] for index in made[part]} for part in PARTS}


def refused(names: list[str], name: str, error: type[UserError] = UserError, **settings: Any) -> str:
    with pytest.raises(error) as caught:
        split(names, name, **settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_classes_are_shuffled_by_the_seed_and_counted():
    parts = split(FLOWERS, "class", seed=1, validation=2, test=4)
    assert [len(parts[part]) for part in PARTS] == [9, 2, 4] and set.union(*parts.values()) == set(FLOWERS)
    assert (
        split(FLOWERS, "class", seed=1, validation=2, test=4) == parts != split(FLOWERS, "class", validation=2, test=4)
    )
    assert [len(split(FLOWERS, "class")[part]) for part in PARTS] == [9, 3, 3]  # a fifth each where nothing is stated


def test_groups_stay_together():
    parts = split(FLOWERS, "group", validation=1, test=2)
    groups = {part: {name.split("/")[0] for name in names} for part, names in parts.items()}
    assert [len(groups[part]) for part in PARTS] == [2, 1, 2] and [len(parts[part]) for part in PARTS] == [6, 3, 6]
    assert len(set.union(*groups.values())) == 5


@pytest.mark.parametrize("name, count", [("class", 15), ("group", 5)])
def test_nothing_left_to_train_on_is_one_line(name, count):
    assert f"leave nothing of {count}" in refused(FLOWERS, name, UsageError, validation=1, test=count - 1)


@pytest.mark.parametrize("validation", ["val", "validation", "Val"])
def test_folders_called_after_parts(validation):
    names = ["test/iris", "train/group/rose", "train/tulip", f"{validation}/lily"]
    parts = {"train": {"train/group/rose", "train/tulip"}, "validation": {f"{validation}/lily"}, "test": {"test/iris"}}
    assert split(names, "parts") == parts


def test_a_class_in_no_part_is_one_line():
    assert "lily is in no folder called train" in refused(["test/iris", "train/rose", "lily"], "parts")
    assert "validation is empty" in refused(["test/iris", "train/rose"], "parts")


TWELVE = ["iris", "rose", "lily", "tulip", "aster", "daisy", "poppy", "viola", "crocus", "dahlia", "peony", "lotus"]


@pytest.mark.parametrize(
    "folders",
    [
        ("train", "valid", "test"), ("train", "val", "test"), ("training", "validation", "testing"), ("TRAIN", "Test"),
        ("base", "val", "novel"), ("images_background", "images_evaluation"), ("Train_Set", "dev-set", "test2017"),
        ("flowers/train", "flowers/test"), ("trainset", "testset"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["parts", "class", "group"])
@pytest.mark.parametrize("stray", [[], ["more/cactus"], ["cactus", "other/train-station"]])
def test_a_class_in_two_parts_is_an_error_whatever_the_split(folders, name, stray):
    names = [f"{part}/{flower}" for part in folders for flower in TWELVE] + (stray if name != "parts" else [])
    message = refused(names, name)
    assert f"{folders[0]}/iris and {folders[1]}/iris are one class" in message
    assert "one folder" in message and "`split: {name: parts}`" in message


def test_a_class_in_two_parts_by_its_own_folders_case_or_coding():
    assert "are one class" in refused([f"{flower}/{part}" for flower in TWELVE for part in ("train", "test")], "class")
    assert "are one class" in refused(["train/Rose", "train/a", "test/rose", "test/b"], "class")
    assert "are one class" in refused(["train/th\u00e9", "train/a", "test/the\u0301", "test/b"], "group")


@pytest.mark.parametrize("name", ["class", "group"])
def test_two_or_three_folders_with_the_same_classes_are_an_error(name):
    folders = ("first", "second", "third") if name == "group" else ("first", "second")
    names = [f"{folder}/{flower}" for folder in folders for flower in TWELVE]
    assert "first/iris and second/iris" in refused(["stray/x", *names], name)[:400].replace("aster", "iris")


@pytest.mark.parametrize(
    "names, words",
    [
        ([f"{one}/character{k:02d}" for one in ("Greek", "Latin", "Coptic") for k in range(1, 20)], "have one name"),
        ([f"{one}/character{k:02d}" for one in "abcdef" for k in range(1, 20)], ""),
        ([f"{one}/{name}" for one in "ab" for name in (*TWELVE[:6], *(f"{one}{k}" for k in "uvwxyz"))], "one name"),
        ([f"{part}/{name}{part}" for part in ("test", "train", "val") for name in TWELVE], "`split: {name: parts}`"),
        (FLOWERS, ""),
        (TWELVE, ""),
        (["test", "train", "val", "rose"], ""),
    ],
)  # fmt: skip
def test_where_it_is_unsure_a_line_says_so(names, words, caplog):
    with caplog.at_level(logging.WARNING):
        split(names, "class")
    assert words in caplog.text and bool(caplog.text) == bool(words)


def test_lists_that_put_one_class_into_two_parts_are_an_error(tmp_path):
    names = [f"{part}/{flower}" for part in ("train", "val", "test") for flower in TWELVE]
    lists = {"train": ["train/iris"], "validation": ["val/rose"], "test": ["test/lily"]}
    write_json(tmp_path / "lists.json", lists)
    split(names, "file", file=str(tmp_path / "lists.json"))
    write_json(tmp_path / "lists.json", lists | {"test": ["test/iris"]})
    assert "train/iris and test/iris are one class" in refused(names, "file", file=str(tmp_path / "lists.json"))


def picture(seed: int, size: int = 120) -> Image.Image:
    blobs = np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)
    return Image.fromarray(blobs).resize((size, size), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("change", ["", "jpeg", "resized", "other"])
def test_copies_in_a_class_for_training_are_named(tmp_path, caplog, change):
    for k in range(12):
        for j in range(3):
            path = tmp_path / f"set/class{k:02d}/{j}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture(3 * k + j).save(path)
    copy = {"": picture(99), "jpeg": picture(4), "resized": picture(4).resize((90, 90)), "other": picture(77)}[change]
    copy.save(tmp_path / "set/class07" / ("9.jpg" if change == "jpeg" else "9.png"), quality=80)
    census = reading.write_pictures(tmp_path / "images.npy", folder.listed(tmp_path / "set"), Look(28, 1))
    parts = {"train": [0, 1, 2, 3], "validation": [4, 5], "test": [6, 7, 8, 9, 10, 11]}
    with caplog.at_level(logging.WARNING):
        near_equal.warn(parts, census.rows, tmp_path / "images.npy", "data.flowers.split")
    expected = (
        "picture 4 of class07, a test class, looks like picture 2 of class01" if change in ("jpeg", "resized") else ""
    )
    assert expected in caplog.text and bool(caplog.text) == bool(expected)


def test_lists_of_one_s_own(tmp_path):
    for part, names in zip(PARTS, (FLOWERS[:2], FLOWERS[5:6], FLOWERS[7:9]), strict=True):
        (tmp_path / f"{part}.txt").write_text("\n".join(names))
    parts = split(FLOWERS, "file", file=str(tmp_path))
    assert parts == dict(zip(PARTS, map(set, (FLOWERS[:2], FLOWERS[5:6], FLOWERS[7:9])), strict=True))
    (tmp_path / "test.txt").write_text("bulbs/z")
    assert "'bulbs/z' is no class of these data" in refused(FLOWERS, "file", file=str(tmp_path))
    assert "needs it" in refused(FLOWERS, "file", UsageError)
