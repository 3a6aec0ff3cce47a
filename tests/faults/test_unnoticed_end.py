"""A run whose end the workflow did not notice, and whose files Snakemake therefore deleted, is not trained again."""

import shutil
from pathlib import Path

import pytest
import small_project
import yaml
from small_project import CHECKPOINT, JOB, metascore

from metascore.files import sha256


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a run has just ended."""
    return small_project.trained(tmp_path_factory.mktemp("trained"))


def test_its_files_are_put_back_with_the_same_bits(trained: Path):
    before = sha256(trained / CHECKPOINT)
    shutil.rmtree(trained / "results")
    assert "was finished before, and is put back" in metascore(trained, "train", *JOB)
    assert sha256(trained / CHECKPOINT) == before


@pytest.mark.parametrize("change", ["recipe", "copy"])
def test_a_run_that_is_another_or_damaged_is_trained(trained: Path, tmp_path: Path, change: str):
    place = tmp_path / "project"
    shutil.copytree(trained, place)
    if change == "recipe":
        params = yaml.safe_load((place / "params.yaml").read_text())
        params["learners"]["protonet"]["width"] = 5
        (place / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    else:
        (copy,) = place.glob(".rolling/finished/*/*/*/*/checkpoint.safetensors")
        content = bytearray(copy.read_bytes())
        content[-1] ^= 1
        copy.write_bytes(content)
    assert "is put back" not in metascore(place, "train", *JOB)
