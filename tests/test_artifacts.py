"""Checkpoints of published results have names."""

import pytest
import yaml

from metascore.errors import UsageError
from metascore.store import artifacts


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results" / "reference"
    folder.mkdir(parents=True)
    named = {f"{task}/protonet": {"path": f"runs/{task}/checkpoint", "type": "model"} for task in ("easy", "hard")}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"artifacts": named}))


@pytest.mark.parametrize("name, task", [("hard/protonet", "hard"), ("easy/protonet", "easy"), ("protonet", "easy")])
def test_a_name_is_that_of_a_checkpoint(name, task):
    assert artifacts.checkpoint(name).as_posix() == f"results/reference/runs/{task}/checkpoint"


def test_a_file_comes_before_a_name(tmp_path):
    (tmp_path / "protonet").write_text("")
    assert artifacts.checkpoint("protonet").as_posix() == "protonet"


def test_what_is_neither_is_named_with_the_names_that_are():
    with pytest.raises(UsageError, match="siamese: no such file, and no name of a checkpoint: one of easy/protonet"):
        artifacts.checkpoint("siamese")


def test_without_published_results_it_is_a_file(tmp_path):
    (tmp_path / "results/reference/dvc.yaml").unlink()
    assert artifacts.checkpoint("protonet").as_posix() == "protonet"
