"""A folder that DVC made for an experiment knows what the project's jobs made; no other folder does."""

from pathlib import Path

import pytest

from metascore.orchestration.inheritance import inherit

LEDGER, RECORD = Path(".snakemake/metascore-outputs.json"), Path(".snakemake/metadata/cmVzdWx0cw==")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a ledger and a record."""
    for name in (LEDGER, RECORD):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    return tmp_path


def made(place: Path) -> Path:
    place.mkdir(parents=True)
    inherit(place)
    return place


@pytest.mark.parametrize("place", [".dvc/tmp/exps/tmp1", ".dvc/tmp/exps/standalone/tmp1"])
def test_an_experiment_s_folder_takes_the_records_over(project: Path, place: str):
    here = made(project / place)
    assert (here / LEDGER).exists() and (here / RECORD).exists()
    assert (here / ".snakemake/incomplete").is_dir()  # else Snakemake takes the records for those of an old version


def test_another_folder_takes_nothing(project: Path):
    assert not (made(project / "copies/project") / ".snakemake").exists()


def test_records_of_one_s_own_stay(project: Path):
    here = made(project / ".dvc/tmp/exps/tmp1")
    (here / LEDGER).write_text("own")
    inherit(here)
    assert (here / LEDGER).read_text() == "own"
