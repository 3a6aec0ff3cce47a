"""Lists of one's own: the split and all after it are made again when a name in them changes."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from temporary_project import Project

from metascore.config import loading
from metascore.orchestration.jobs import Jobs
from metascore.store import data_settings

SPLIT = "Classes for meta-train, meta-validation and meta-test: file"
WILDCARDS = SimpleNamespace(split="file")


def write_lists(folder: Path) -> None:
    folder.mkdir()
    for part in ("train", "validation", "test"):
        (folder / f"{part}.txt").write_text(f"Alphabet/{part}01\nAlphabet/{part}02\n")


def swap(path: Path) -> None:
    """Change a list in place: neither its size nor the time of its folder changes."""
    path.write_text("Alphabet/train02\nAlphabet/train03\n")


@pytest.fixture
def jobs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """The jobs of a project that has a folder of lists."""
    config = loading.load(root / "params.yaml", "smoke")
    monkeypatch.chdir(tmp_path)
    write_lists(tmp_path / "lists")
    config.params["split"].update(name="file", file="lists")
    return Jobs(config)


def test_each_list_of_a_folder_is_an_input(jobs: Jobs):
    assert {"lists/train.txt", "lists/validation.txt", "lists/test.txt"} < set(jobs.split_inputs(WILDCARDS))


def test_what_a_list_says_is_part_of_the_key(jobs: Jobs):
    before = data_settings.of_split(jobs.config, "file")
    swap(Path("lists/train.txt"))
    assert data_settings.of_split(jobs.config, "file") != before


def test_a_random_split_does_not_ask_for_lists(jobs: Jobs):
    before = data_settings.of_split(jobs.config, "random")
    swap(Path("lists/train.txt"))
    jobs.config.params["split"]["file"] = "elsewhere"
    assert data_settings.of_split(jobs.config, "random") == before
    assert not {"lists/train.txt"} & set(jobs.split_inputs(SimpleNamespace(split="random")))


def test_a_changed_name_runs_the_split_and_all_after_it_under_both_tools(tracked: Project):
    write_lists(tracked.path / "lists")
    tracked.set_parameter("split.name", "file")
    tracked.set_parameter("split.file", "lists")
    tracked.call("dvc", "repro", "--quiet")
    assert tracked.planned() == set()
    swap(tracked.path / "lists/train.txt")
    planned = tracked.planned()
    assert {SPLIT, "Meta-training omniglot_5w1s/maml"} < planned
    assert tracked.ran("dvc", "repro") == planned
