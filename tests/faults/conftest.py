"""A small workflow whose stages are real, undisturbed: what every fault must end in, to the bit."""

from pathlib import Path

import pytest
from small_project import write_params
from temporary_project import Project, copy, copy_project

LEARNERS = {
    "chance": {},
    "protonet": {"width": 4, "training": {"iterations": 8, "meta_batch": 2, "validations": 4}},
    "maml": {
        "width": 4,
        "inner_lr": 0.4,
        "train_steps": 2,
        "test_steps": 3,
        "training": {"iterations": 200, "meta_batch": 2, "validations": 20},
    },
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here takes minutes."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with three tiny learners on synthetic glyphs, in git, not run yet. Don't change it."""
    project = copy_project(tmp_path_factory.mktemp("pristine") / "project")
    write_params(project.path, LEARNERS)
    project.set_parameter("data.omniglot.sources", ["glyphs"])
    project.call("git", "init", "--quiet")
    return project


@pytest.fixture(scope="session")
def undisturbed(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same after a whole run. Don't change it."""
    project = copy(pristine, tmp_path_factory.mktemp("undisturbed") / "project")
    project.call("snakemake", "--cores", "2")
    return project


@pytest.fixture
def fresh(pristine: Project, tmp_path: Path) -> Project:
    """A copy of one's own that has not run yet."""
    return copy(pristine, tmp_path / "project")


@pytest.fixture
def finished(undisturbed: Project, tmp_path: Path) -> Project:
    """A copy of one's own that has run."""
    return copy(undisturbed, tmp_path / "project")
