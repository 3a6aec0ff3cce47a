"""Splits are disjoint, complete, and the same for the same seed, whatever the numbers."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metascore.data.glyphs import SIZES
from metascore.data.splits import PARTS, make_split
from metascore.errors import UsageError, UserError

SETTINGS: dict[str, Any] = {
    "name": "random", "seed": 0, "train": 1100, "validation": 100, "test": 423, "file": None
}  # fmt: skip


@pytest.fixture(scope="module")
def characters() -> pd.DataFrame:
    return table([(part, i, size) for part, sizes in SIZES.items() for i, size in enumerate(sizes)])


def table(alphabets: list[tuple[str, int, int]]) -> pd.DataFrame:
    rows = [(part, f"{part}_{i}", f"character{n:02d}") for part, i, size in alphabets for n in range(1, size + 1)]
    return pd.DataFrame(rows, columns=["part", "alphabet", "character"]).rename_axis("index")


def disjoint(split: dict[str, list[int]]) -> bool:
    together = [index for part in PARTS for index in split[part]]
    return len(together) == len(set(together)) and all(split[part] for part in PARTS)


def test_random_is_mamls(characters: pd.DataFrame) -> None:
    split = make_split(characters, SETTINGS)
    assert {part: len(members) for part, members in split.items()} == {
        "train": 1100,
        "validation": 100,
        "test": 423,
    }
    assert disjoint(split)
    alphabets = [set(characters["alphabet"].iloc[split[part]]) for part in ("train", "test")]
    assert len(alphabets[0] & alphabets[1]) > 40  # irrespective of alphabet


@given(counts=st.tuples(*[st.integers(1, 30)] * 3), spare=st.integers(0, 10), seed=st.integers(0, 2**31))
def test_random_gives_what_is_asked_for(counts: tuple[int, int, int], spare: int, seed: int) -> None:
    characters = table([("background", 0, sum(counts) + spare)])
    settings = SETTINGS | {"seed": seed} | dict(zip(PARTS, counts, strict=True))
    split = make_split(characters, settings)
    assert disjoint(split)
    assert tuple(len(split[part]) for part in PARTS) == counts
    assert all(members == sorted(members) for members in split.values())
    assert split == make_split(characters, settings)


@pytest.mark.parametrize("name", ["random", "lake"])
def test_another_seed_gives_another_split(characters: pd.DataFrame, name: str) -> None:
    splits = [make_split(characters, SETTINGS | {"name": name, "seed": seed}) for seed in (0, 1)]
    assert splits[0]["validation"] != splits[1]["validation"]


@given(seed=st.integers(0, 2**31), sizes=st.lists(st.integers(1, 9), min_size=6, max_size=12))
def test_lake_holds_out_whole_alphabets(seed: int, sizes: list[int]) -> None:
    characters = table([("background", i, size) for i, size in enumerate(sizes)] + [("evaluation", 0, 7)])
    split = make_split(characters, SETTINGS | {"name": "lake", "seed": seed})
    assert disjoint(split) and sum(map(len, split.values())) == len(characters)
    assert set(characters["part"].iloc[split["test"]]) == {"evaluation"}
    train, validation = (set(characters["alphabet"].iloc[split[part]]) for part in ("train", "validation"))
    assert not train & validation and len(validation) == 5


LISTS = {
    "train": ["background_0/character01", "background_0/character02"],
    "validation": ["background_1/character01"],
    "test": ["evaluation_0/character01"],
}


def from_file(characters: pd.DataFrame, path: Path) -> dict[str, list[int]]:
    return make_split(characters, SETTINGS | {"name": "file", "file": str(path)})


def from_lists(characters: pd.DataFrame, folder: Path, **changes: Any) -> dict[str, list[int]]:
    path = folder / "lists.json"
    path.write_text(json.dumps({k: v for k, v in (LISTS | changes).items() if v != "left out"}))
    return from_file(characters, path)


def test_a_file_of_lists(characters: pd.DataFrame, tmp_path: Path) -> None:
    assert from_lists(characters, tmp_path) == {"train": [0, 1], "validation": [20], "test": [964]}


@pytest.mark.parametrize("validation", ["val.txt", "validation.txt"])
def test_a_folder_of_lists_with_rotations_as_classes(characters: pd.DataFrame, tmp_path: Path, validation: str) -> None:
    for name, part in (("train.txt", "train"), (validation, "validation"), ("test.txt", "test")):
        lines = [f"{line}/rot{angle:03d}" for line in LISTS[part] for angle in (0, 90, 180, 270)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    assert from_file(characters, tmp_path) == {"train": [0, 1], "validation": [20], "test": [964]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test": ["background_0/character01"]}, "background_0/character01 is in train and test"),
        ({"test": []}, "test is empty"),
        ({"test": ["Klingon/character01"]}, "'Klingon/character01' is no class"),
        ({"test": [3]}, "test is no list of names"),
        ({"test": "left out"}, "must contain exactly the lists"),
        ({"tset": ["x"]}, "must contain exactly the lists"),
    ],
)
def test_wrong_lists_are_one_line(
    characters: pd.DataFrame, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        from_lists(characters, tmp_path, **changes)
    assert message in str(caught.value) and "lists.json" in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_list_names_its_file(characters: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("background_0/character01\n")
    with pytest.raises(UserError, match=r"validation\.txt: "):
        from_file(characters, tmp_path)
    with pytest.raises(UserError, match="nowhere"):
        from_file(characters, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"train": 1101}, "1101 \\+ 100 \\+ 423"),
        ({"test": 0}, "1100 \\+ 100 \\+ 0"),
        ({"name": "rondom"}, "split.name: 'rondom'"),
        ({"name": "file"}, "split.file"),
        ({"name": "lake"}, "lake holds out 5 background alphabets of 3"),
    ],
)
def test_impossible_settings_are_usage_errors(characters: pd.DataFrame, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_split(characters if settings.get("name") != "lake" else characters[:75], SETTINGS | settings)
