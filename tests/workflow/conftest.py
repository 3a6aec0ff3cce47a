"""Copies of the project at three moments: finished, recorded by DVC, freshly cloned."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from temporary_project import Project, copy, copy_project, keep_learners, make_stages_idle

STAND_FOR_OTHERS = ("test_a_second_run_has_nothing_to_do", "test_code_of_one_learner")  # in the fast suite


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that run a workflow take many seconds."""
    for item in items:
        runs_one = Path(__file__).parent in item.path.parents and "finished" in getattr(item, "fixturenames", ())
        if runs_one and item.name not in STAND_FOR_OTHERS:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy with idle stages and a few learners, after a whole run. Don't change it: take `project`."""
    project = copy_project(tmp_path_factory.mktemp("finished") / "project")
    make_stages_idle(project)
    keep_learners(project, "chance", "protonet", "maml", "fomaml")
    project.call("snakemake", "--cores", "2")
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A finished copy of one's own."""
    return copy(finished, tmp_path / "project")


@pytest.fixture(scope="session")
def recorded(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished copy in git, recorded by DVC and pushed to the remote beside it."""
    project = copy(finished, tmp_path_factory.mktemp("recorded") / "project")
    project.call("git", "init", "--quiet", "--initial-branch", "main")
    assert project.ran("dvc", "repro", "--quiet") == set()
    project.call("git", "add", ".")
    project.call("git", "commit", "--quiet", "--message", "Run")
    project.call("dvc", "push", "--quiet")
    return project


@pytest.fixture
def tracked(recorded: Project, tmp_path: Path) -> Project:
    """A recorded copy of one's own."""
    return copy(recorded, tmp_path / "project")


@pytest.fixture
def clone(recorded: Project, tmp_path: Path) -> Callable[[], Project]:
    """Makes a fresh clone with access to the remote."""

    def make() -> Project:
        shutil.copytree(recorded.path.parent / "metascore-remote", tmp_path / "metascore-remote")
        recorded.call("git", "clone", "--quiet", str(recorded.path), str(tmp_path / "clone"))
        return Project(tmp_path / "clone")

    return make
