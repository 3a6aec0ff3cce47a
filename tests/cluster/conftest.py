"""A small workflow whose stages are real, run here undisturbed, and a Slurm of one node to run it on."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import s3
import slurm
import tiny_workflow
from temporary_project import Project, copy

VALIDATIONS = 40  # of MAML's training


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here takes minutes."""
    tiny_workflow.mark_slow(items, Path(__file__).parent)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with three tiny learners on synthetic glyphs, not run yet. Don't change it."""
    return tiny_workflow.not_run(tmp_path_factory.mktemp("pristine") / "project", VALIDATIONS)


@pytest.fixture(scope="session")
def undisturbed(pristine: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same after a whole run on this machine. Don't change it."""
    return tiny_workflow.run(pristine, tmp_path_factory.mktemp("undisturbed") / "project")


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
