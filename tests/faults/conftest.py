"""A small workflow whose stages are real, undisturbed: what every fault must end in, to the bit."""

from pathlib import Path

import pytest
import tiny_workflow
from temporary_project import Project, copy

VALIDATIONS = 20  # of MAML's training


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here takes minutes."""
    tiny_workflow.mark_slow(items, Path(__file__).parent)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with three tiny learners on synthetic glyphs, in git, not run yet. Don't change it."""
    project = tiny_workflow.not_run(tmp_path_factory.mktemp("pristine") / "project", VALIDATIONS)
    project.call("git", "init", "--quiet")
    return project


@pytest.fixture(scope="session")
def undisturbed(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same after a whole run. Don't change it."""
    return tiny_workflow.run(pristine, tmp_path_factory.mktemp("undisturbed") / "project")


@pytest.fixture
def fresh(pristine: Project, tmp_path: Path) -> Project:
    """A copy of one's own that has not run yet."""
    return copy(pristine, tmp_path / "project")


@pytest.fixture
def finished(undisturbed: Project, tmp_path: Path) -> Project:
    """A copy of one's own that has run."""
    return copy(undisturbed, tmp_path / "project")
