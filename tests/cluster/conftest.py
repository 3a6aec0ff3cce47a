"""A small workflow whose stages are real, and a Slurm of one node and a bucket to run it on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import slurm
from temporary_project import Project
from tiny_workflow import finished, fresh, mark_slow, pristine, undisturbed  # noqa: F401

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "anyone", "AWS_SECRET_ACCESS_KEY": "anyone", "AWS_DEFAULT_REGION": "us-east-1"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here takes minutes."""
    mark_slow(items, Path(__file__).parent)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables with which commands find a Slurm of one node."""
    if reason := slurm.missing():
        pytest.skip(reason)
    with slurm.started(tmp_path_factory.mktemp("slurm")) as variables:
        yield variables


@pytest.fixture
def on_slurm(fresh: Project, cluster: dict[str, str]) -> Project:  # noqa: F811
    """A copy of one's own where Slurm's commands are at hand."""
    return replace(fresh, variables=cluster)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an S3 server on loopback, with a bucket `metascore` for everyone."""
    server_module = pytest.importorskip("moto.server", reason="make setup")
    boto3 = pytest.importorskip("boto3", reason="make setup")
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    server = server_module.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    boto3.client("s3", endpoint_url=f"http://{host}:{port}").create_bucket(Bucket="metascore")
    yield f"http://{host}:{port}"
    server.stop()
