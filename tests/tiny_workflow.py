"""A small workflow whose stages are real, for tests of what happens to it: three tiny learners on synthetic glyphs."""

from pathlib import Path

import pytest
from small_project import write_params
from temporary_project import Project, copy, copy_project

from metascore.files import sha256

SAME_BITS = ("data/**/*.npy", "results/**/*.safetensors", "results/*/scores/**/*.np?", "results/*/metrics.json")
MAML_LOG = Path("logs/smoke/meta_train/omniglot_5w1s/maml.log")
LEARNERS = {
    "chance": {},
    "protonet": {"width": 4, "training": {"iterations": 8, "meta_batch": 2, "validations": 4}},
    "maml": {  # validated every ten iterations: as often can its training be caught
        "width": 4,
        "inner_lr": 0.4,
        "train_steps": 2,
        "test_steps": 3,
        "training": {"iterations": 300, "meta_batch": 2, "validations": 30},
    },
}


def bits(folder: Path) -> dict[str, str]:
    """The digests of all files that must be the same bits on every run."""
    paths = (path for pattern in SAME_BITS for path in folder.glob(pattern))
    return {str(path.relative_to(folder)): sha256(path) for path in sorted(paths)}


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with these learners, in git, not run yet. Don't change it."""
    project = copy_project(tmp_path_factory.mktemp("pristine") / "project")
    write_params(project.path, LEARNERS)
    project.set_parameter("data.omniglot.sources", ["glyphs"])
    project.call("git", "init", "--quiet")
    return project


@pytest.fixture(scope="session")
def undisturbed(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same after a whole run on this machine. Don't change it."""
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


def mark_slow(items: list[pytest.Item], folder: Path) -> None:
    """Everything in a folder takes minutes."""
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.slow)
