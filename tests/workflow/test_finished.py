"""A run that ended without the workflow noticing: its files are kept until Snakemake has recorded them."""

import shutil
from pathlib import Path

import pytest
from temporary_project import Project

from metascore.config.params import Run
from metascore.orchestration import finished
from metascore.store.paths import Results

JOB = Run("omniglot_5w1s", "maml", 0)
RESULTS = Results(Path("results/smoke"))
FILES = [RESULTS.checkpoint(JOB), RESULTS.training(JOB), RESULTS.record(JOB)]


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that has ended, in the current folder."""
    monkeypatch.chdir(tmp_path)
    FILES[0].parent.mkdir(parents=True)
    for path in FILES:
        path.write_text(path.name)
    finished.keep(RESULTS, JOB)


@pytest.mark.usefixtures("ended")
def test_what_was_kept_can_be_put_back():
    shutil.rmtree(RESULTS.folder)
    finished.put_back(RESULTS, JOB)
    assert [path.read_text() for path in FILES] == [path.name for path in FILES]


@pytest.mark.usefixtures("ended")
def test_half_a_copy_is_none():
    finished.kept(RESULTS, JOB)[-1].unlink()
    assert finished.kept(RESULTS, JOB) == []


@pytest.mark.usefixtures("ended")
def test_it_is_kept_until_all_files_are_recorded():
    finished.forget(RESULTS, [JOB], lambda path: path != str(FILES[-1]))
    assert finished.kept(RESULTS, JOB)
    finished.forget(RESULTS, [JOB], lambda path: True)
    assert not finished.kept(RESULTS, JOB)


def test_nothing_is_kept_after_a_workflow(project: Project):
    project.set_parameter("learners.fomaml.test_steps", 4)
    assert "Meta-training omniglot_5w1s/fomaml/0" in project.ran("snakemake", "--cores", "2")
    assert not list((project.path / ".rolling").glob("finished/smoke/*/*/*"))
