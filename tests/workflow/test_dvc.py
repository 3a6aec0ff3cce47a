"""Snakemake and DVC agree: after one of them, the other has nothing to do."""

import json
from collections.abc import Callable

import pytest
from temporary_project import Project, jobs_of

pytestmark = pytest.mark.slow

PROTONET = "src/metascore/learners/protonet.py"
CLEAN = "Data and pipelines are up to date."
RATE = "learners.maml.for.omniglot.inner_lr"
RUN_RECORD = "results/smoke/runs/omniglot_5w1s/maml/0/run.json"


def test_nothing_to_do_in_either_tool(tracked: Project):
    assert tracked.planned() == set()
    assert CLEAN in tracked.call("dvc", "status")
    assert tracked.call("git", "status", "--porcelain") == ""
    assert len((tracked.path / "dvc.lock").read_text().splitlines()) < 300


def test_a_parameter_runs_one_learner(tracked: Project):
    tracked.set_parameter("learners.fomaml.test_steps", 4)
    assert tracked.ran("dvc", "repro") == jobs_of("fomaml")
    assert CLEAN in tracked.call("dvc", "status")
    assert tracked.planned() == set()
    assert "learners.fomaml.test_steps" in tracked.call("dvc", "params", "diff")


def test_code_runs_one_learner_and_a_comment_none(tracked: Project):
    tracked.append(PROTONET, "\nBIAS = 1 + 1\n")
    assert "Data and pipelines" not in tracked.call("dvc", "status")
    assert tracked.ran("dvc", "repro") == jobs_of("protonet")
    tracked.append(PROTONET, "\n# A comment.\n")
    assert tracked.ran("dvc", "repro") == set()
    assert CLEAN in tracked.call("dvc", "status")


def test_an_experiment(tracked: Project):
    assert tracked.ran("dvc", "exp", "run", "-S", f"params/smoke.yaml:{RATE}=1.75") == jobs_of("maml")
    difference = json.loads(tracked.call("dvc", "metrics", "diff", "--json"))
    assert set(difference["results/smoke/metrics.json"]) == {"maml"}


def test_a_fresh_clone_pulls_and_has_nothing_to_do(clone: Callable[[], Project]):
    project = clone()
    project.call("dvc", "metrics", "diff")
    assert "Nothing to be done" in project.call("python", "workflow/adopt.py")
    assert CLEAN in project.call("dvc", "status")
    project.append(PROTONET, "\nBIAS = 1 + 1\n")
    assert project.ran("dvc", "repro") == jobs_of("protonet")


def test_a_clone_without_a_remote_says_so_in_one_line(recorded: Project, tmp_path):
    recorded.call("git", "clone", "--quiet", str(recorded.path), str(tmp_path / "clone"))
    lines = Project(tmp_path / "clone").call("python", "workflow/adopt.py").splitlines()
    assert lines[0].startswith("adopt: nothing pulled (") and "adopt" not in "".join(lines[1:])


def test_another_revision_needs_a_checkout_and_nothing_else(tracked: Project):
    tracked.set_parameter(RATE, 1.25, "params/smoke.yaml")
    tracked.call("dvc", "repro", "--quiet")
    tracked.call("git", "commit", "--quiet", "--all", "--message", "Other rate")
    for revision in ("HEAD~1", "main"):
        tracked.call("git", "checkout", "--quiet", revision)
        if revision == "main":  # files of another revision are not taken for this one's
            assert tracked.planned() >= jobs_of("maml")
        tracked.call("dvc", "checkout", "--quiet")
        assert tracked.planned() == set()
        assert CLEAN in tracked.call("dvc", "status")


@pytest.mark.parametrize("where", ["--temp", "--queue"])
def test_an_experiment_elsewhere_runs_its_own_code_and_nothing_else(tracked: Project, where: str):
    stage = "src/metascore/stages/finetune.py"
    before = (tracked.path / stage).read_text()
    tracked.replace(stage, '"figures"', '"other figures"')
    tracked.append("src/metascore/version.py", "\nNUMERICS_VERSION = 1000\n")
    tracked.call("dvc", "exp", "run", where, "--name", "elsewhere")
    (tracked.path / stage).write_text(before)
    tracked.call("git", "checkout", "--quiet", "src")
    if where == "--queue":
        tracked.call("dvc", "exp", "run", "--run-all")
    assert "1000" in at_revision(tracked, "elsewhere", RUN_RECORD)
    assert "other figures" in at_revision(tracked, "elsewhere", "results/smoke/scores/omniglot_5w1s/maml/0.npz")
    assert tracked.planned() == set()


def at_revision(project: Project, revision: str, file: str) -> str:
    """What DVC has of a file at a revision."""
    project.call("dvc", "get", ".", file, "--rev", revision, "--out", "got", "--force", "--quiet")
    return (project.path / "got").read_text()
