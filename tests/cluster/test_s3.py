"""DVC's remote in a bucket: what one clone pushes another adopts, and who may not is told so in one line."""

import shutil
from dataclasses import replace

import pytest
from temporary_project import Project, copy_project, keep_learners, make_stages_idle

REMOTE = "s3://metascore/remote"


@pytest.fixture(scope="module")
def pushed(tmp_path_factory, bucket) -> Project:
    """A project in git that has run and pushed into the bucket."""
    project = copy_project(tmp_path_factory.mktemp("pushed") / "project")
    make_stages_idle(project)
    keep_learners(project, "chance", "protonet", "maml", "fomaml")
    project.call("git", "init", "--quiet", "--initial-branch", "main")
    project.call("dvc", "remote", "add", "--default", "--force", "bucket", REMOTE)
    project.call("dvc", "remote", "modify", "bucket", "endpointurl", bucket.address)
    project.call("dvc", "repro", "--quiet")
    project.call("git", "add", ".")
    project.call("git", "commit", "--quiet", "--message", "Run")
    replace(project, variables=credentials(bucket.key, bucket.secret)).call("dvc", "push", "--quiet")
    return project


def credentials(key: str, secret: str) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": "us-east-1"}


def clone(pushed: Project, tmp_path, variables: dict[str, str]) -> Project:
    pushed.call("git", "clone", "--quiet", str(pushed.path), str(tmp_path / "clone"))
    return Project(tmp_path / "clone", {**variables, "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)})


def test_a_second_clone_adopts_and_has_nothing_to_do(pushed, bucket, tmp_path):
    other = clone(pushed, tmp_path, credentials(bucket.key, bucket.secret))
    assert "adopted" in other.call("python", "workflow/adopt.py")
    assert other.planned() == set()


@pytest.mark.parametrize("known", [{}, credentials("wrong", "wrong")], ids=["missing", "wrong"])
def test_credentials_that_do_not_do_are_told_in_one_line(pushed, tmp_path, known):
    other = clone(pushed, tmp_path, known)
    said = other.call("python", "workflow/adopt.py", status=1)
    assert said.startswith("adopt: `dvc pull` failed") and len(said.splitlines()) == 1
    assert not (other.path / "results/smoke/runs").exists()
    shutil.rmtree(other.path)
