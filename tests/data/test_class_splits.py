"""Splits of pictures of one's own: by class, by group, by folders called after parts, by lists."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from metascore.data import class_splits
from metascore.data.classes import Row
from metascore.data.splits import PARTS
from metascore.errors import UsageError, UserError

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


@pytest.mark.parametrize("name", ["parts", "class", "group"])
def test_a_class_in_two_parts_is_an_error_whatever_the_split(name):
    """As people lay out pictures for other programs, who test on other pictures of the same classes."""
    names = [f"{part}/{flower}" for part in ("test", "train", "val") for flower in ("iris", "rose", "lily")]
    said = refused(names, name)
    assert "test/iris and train/iris are one class" in said and "one folder" in said


@pytest.mark.parametrize("name", ["class", "group"])
def test_folders_called_after_parts_are_named_where_they_are_shuffled(name, caplog):
    names = ["test/iris", "test/lily", "train/rose", "train/tulip", "val/daisy", "val/aster"]
    with caplog.at_level(logging.WARNING):
        split(names, name)
        assert "folders called test, train, val, which the split `parts` keeps" in caplog.text
        caplog.clear()
        split(FLOWERS, name)
    assert not caplog.text


def test_lists_of_one_s_own(tmp_path):
    for part, names in zip(PARTS, (FLOWERS[:2], FLOWERS[5:6], FLOWERS[7:9]), strict=True):
        (tmp_path / f"{part}.txt").write_text("\n".join(names))
    parts = split(FLOWERS, "file", file=str(tmp_path))
    assert parts == dict(zip(PARTS, map(set, (FLOWERS[:2], FLOWERS[5:6], FLOWERS[7:9])), strict=True))
    (tmp_path / "test.txt").write_text("bulbs/z")
    assert "'bulbs/z' is no class of these pictures" in refused(FLOWERS, "file", file=str(tmp_path))
    assert "needs it" in refused(FLOWERS, "file", UsageError)
