"""Snakemake and DVC agree, and dvc.lock never vouches for what other code or parameters have made."""

import json
from collections.abc import Callable

import pytest
from temporary_project import Project, jobs_of

pytestmark = pytest.mark.slow

PROTONET = "src/metascore/learners/protonet.py"
CLEAN = "Data and pipelines are up to date."
RUN_RECORD = "results/smoke/runs/omniglot_5w1s/maml/0/run.json"


def test_nothing_to_do_in_either_tool(tracked: Project):
    assert tracked.planned() == set()
    assert CLEAN in tracked.call("dvc", "status")
    assert tracked.call("git", "status", "--porcelain") == ""


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
    assert tracked.ran(
        "dvc", "exp", "run", "-S", "params/smoke.yaml:learners.maml.for.omniglot.inner_lr=1.75"
    ) == jobs_of("maml")
    difference = json.loads(tracked.call("dvc", "metrics", "diff", "--json"))
    assert set(difference["results/smoke/metrics.json"]) == {"maml"}


def test_a_fresh_clone_adopts(clone: Callable[[], Project]):
    project = clone()
    project.call("dvc", "metrics", "diff")
    assert "adopted" in project.call("python", "workflow/adopt.py")
    assert project.planned() == set()
    assert CLEAN in project.call("dvc", "status")


def test_files_of_other_code_are_not_adopted(clone: Callable[[], Project]):
    project = clone()
    project.append(PROTONET, "\nBIAS = 1 + 1\n")
    said = project.call("python", "workflow/adopt.py", status=1)
    assert all(line.startswith("adopt: ") for line in said.splitlines()) and "dvc.lock is not of these files" in said
    assert jobs_of("protonet") < project.planned()
    assert jobs_of("protonet") < project.ran("dvc", "repro")


def return_from_another_rate(tracked: Project) -> None:
    """Commit a run with another rate, then check out the revision before it."""
    tracked.set_parameter("learners.maml.for.omniglot.inner_lr", 1.25, "params/smoke.yaml")
    tracked.call("dvc", "repro", "--quiet")
    tracked.call("git", "commit", "--quiet", "--all", "--message", "Other rate")
    tracked.call("git", "checkout", "--quiet", "HEAD~1")
    tracked.call("dvc", "checkout", "--quiet")


def test_another_revision_is_adopted(tracked: Project):
    return_from_another_rate(tracked)
    tracked.call("python", "workflow/adopt.py")
    assert tracked.planned() == set()


def test_files_of_another_revision_are_not_taken_for_this_one(tracked: Project):
    return_from_another_rate(tracked)
    tracked.call("git", "checkout", "--quiet", "main")
    assert jobs_of("maml") <= tracked.ran("dvc", "repro")
    changed = tracked.call("git", "status", "--porcelain").split()
    assert changed == ["M", "dvc.lock"]  # a run says how long it took; digests and tables are as they were


@pytest.mark.parametrize("where", ["--temp", "--queue"])
def test_an_experiment_elsewhere_runs_its_own_code_and_nothing_else(tracked: Project, where: str):
    stage = "src/metascore/stages/finetune.py"
    before = (tracked.path / stage).read_text()
    (tracked.path / stage).write_text(before.replace("'inputs'", "'other inputs'"))
    tracked.call("dvc", "exp", "run", where, "--name", "elsewhere")
    (tracked.path / stage).write_text(before)
    if where == "--queue":
        tracked.call("dvc", "exp", "run", "--run-all")
    kept = tracked.path / RUN_RECORD
    assert at_revision(tracked, "elsewhere", RUN_RECORD) == kept.read_text()
    assert "other inputs" in at_revision(tracked, "elsewhere", "results/smoke/scores/omniglot_5w1s/maml/0.json")
    assert tracked.planned() == set()


def at_revision(project: Project, revision: str, file: str) -> str:
    """What DVC has of a file at a revision."""
    project.call("dvc", "get", ".", file, "--rev", revision, "--out", "got", "--force", "--quiet")
    return (project.path / "got").read_text()
