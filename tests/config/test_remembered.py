"""A configuration that was checked before is given again, as long as its files say the same."""

import shutil
from pathlib import Path

import pytest

from metascore.config import checks, loading
from metascore.config.params import Config
from metascore.config.remembered import Remembered
from metascore.errors import UsageError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def remembered(tmp_path, monkeypatch) -> Remembered:
    """Of budget smoke, in a folder of one's own."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    shutil.copytree(ROOT / "params", tmp_path / "params")
    monkeypatch.chdir(tmp_path)
    found = Remembered()
    found.prepare("smoke")
    return found


def add(line: str) -> None:
    with Path("params/smoke.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def test_it_is_what_would_be_loaded_and_nothing_is_checked_again_but_the_data(remembered, monkeypatch):
    expected = loading.load(budget="smoke")
    looked: list[Config] = []
    monkeypatch.setattr(checks, "check", None)
    monkeypatch.setattr(checks, "check_shapes", looked.append)
    found = remembered.load(budget="smoke")
    assert found == expected and looked == [found]


def test_another_budget_is_loaded(remembered):
    assert remembered.load(budget="quick").budget == "quick"


def test_a_file_that_was_changed_is_read_and_checked_again(remembered):
    add("# a comment")
    assert remembered.load(budget="smoke").of_budget.file == "params/smoke.yaml"
    add("nonsense: 1")
    with pytest.raises(UsageError, match=r"params/smoke\.yaml"):
        remembered.load(budget="smoke")


def test_what_is_wrong_before_is_said_to_who_asks(remembered):
    add("nonsense: 1")
    fresh = Remembered()
    fresh.prepare("smoke")
    with pytest.raises(UsageError, match="nonsense"):
        fresh.load(budget="smoke")
