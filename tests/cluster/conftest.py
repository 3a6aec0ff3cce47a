"""A small workflow whose stages are real, run here undisturbed, and a Slurm of one node to run it on."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import s3
import slurm
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
        "training": {"iterations": 400, "meta_batch": 2, "validations": 40},
    },
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here takes minutes."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with three tiny learners on synthetic glyphs, not run yet. Don't change it."""
    project = copy_project(tmp_path_factory.mktemp("pristine") / "project")
    write_params(project.path, LEARNERS)
    project.set_parameter("data.omniglot.sources", ["glyphs"])
    return project


@pytest.fixture(scope="session")
def undisturbed(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same after a whole run on this machine. Don't change it."""
    project = copy(pristine, tmp_path_factory.mktemp("undisturbed") / "project")
    project.call("snakemake", "--cores", "2")
    return project


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables with which commands find a Slurm of one node."""
    reason = slurm.missing()
    if reason:
        pytest.skip(reason)
    with slurm.started(tmp_path_factory.mktemp("slurm")) as variables:
        yield variables


@pytest.fixture
def fresh(pristine: Project, tmp_path: Path) -> Project:
    """A copy of one's own that has not run yet."""
    return copy(pristine, tmp_path / "project")


@pytest.fixture
def on_slurm(fresh: Project, cluster: dict[str, str]) -> Project:
    """The same where Slurm's commands are at hand."""
    return replace(fresh, variables=cluster)


@pytest.fixture
def without_maml(undisturbed: Project, cluster: dict[str, str], tmp_path: Path) -> Project:
    """A copy of the undisturbed run in which MAML, which trains longest, has not been trained, with Slurm at hand."""
    project = copy(undisturbed, tmp_path / "project")
    shutil.rmtree(project.path / "results/smoke/runs/omniglot_5w1s/maml")
    (project.path / slurm.MAML).unlink()
    return replace(project, variables=cluster)


@pytest.fixture(scope="session")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Bucket]:
    """A bucket of an S3 server on loopback, with the only credentials that it takes."""
    for needed in ("moto", "flask", "boto3", "dvc_s3"):
        pytest.importorskip(needed, reason="make setup")
    with s3.started(tmp_path_factory.mktemp("s3") / "server.log") as found:
        yield found
