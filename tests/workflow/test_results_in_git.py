"""Results that come with a clone of git: nothing to do without data, never trained again; newcomers train their own."""

from pathlib import Path

import pytest
from small_project import write_params
from temporary_project import Project, copy_project

from metascore.files import read_json, write_json

pytestmark = pytest.mark.slow

SHORT = {"width": 4, "training": {"iterations": 4, "meta_batch": 2, "validations": 1}}
LEARNERS = {"chance": {}, "protonet": SHORT, "siamese": SHORT}
OWN = {
    "learner": "maml",
    "width": 4,
    "inner_lr": 0.4,
    "train_steps": 1,
    "test_steps": 1,
    "training": {"iterations": 2, "validations": 1},
}
RUN, SCORES = (f"results/smoke/{name}/omniglot_5w1s/protonet/0" for name in ("runs", "scores"))


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose only budget is published, after its run, in git."""
    project = copy_project(tmp_path_factory.mktemp("published") / "origin")
    write_params(project.path, LEARNERS)
    project.set_parameter("data.omniglot.sources", ["glyphs"])
    project.set_parameter("published", True, "params/smoke.yaml")
    project.replace(".gitignore", "results/reference/report.html", "results/smoke/report.html")
    project.call("snakemake", "--cores", "2")
    project.call("metascore", "pack")
    project.call("git", "init", "--quiet", "--initial-branch", "main")
    project.call("git", "add", ".")
    project.call("git", "commit", "--quiet", "--message", "Results")
    return project


@pytest.fixture
def clone(origin: Project, tmp_path: Path) -> Project:
    origin.call("git", "clone", "--quiet", str(origin.path), str(tmp_path / "clone"))
    return Project(tmp_path / "clone")


def test_a_clone_has_nothing_to_do_without_data(clone: Project):
    assert "Nothing to be done" in clone.call("snakemake", "-n")
    assert clone.call("git", "status", "--porcelain") == ""
    assert not (clone.path / "data").exists()


def test_a_newcomer_trains_their_own_learner_only(clone: Project):
    clone.set_parameter("learners.mine", OWN)
    ran = clone.ran("snakemake", "--cores", "2")
    assert {job for job in ran if "training" in job} == {"Meta-training omniglot_5w1s/mine"}
    assert {job for job in ran if "tuning" in job} == {"Fine-tuning omniglot_5w1s/mine"}
    table = (clone.path / "results/smoke/tables/scores.md").read_text()
    assert all(name in table for name in ("mine", "protonet", "siamese", "chance"))
    assert clone.planned() == set()


def change_code(clone: Project) -> None:
    clone.append("src/metascore/learners/protonet.py", "\nBIAS = 1 + 1\n")


def change_numerics(clone: Project) -> None:
    path = clone.path / RUN / "run.json"
    record = read_json(path)
    record["key"]["numerics"] = -1
    write_json(path, record)


def change_episodes(clone: Project) -> None:
    path = clone.path / f"{SCORES}.json"
    record = read_json(path)
    inputs = record["key"]["inputs"]
    record["key"]["inputs"] = {name.replace("5w1s5q", "5w1s6q"): digest for name, digest in inputs.items()}
    write_json(path, record)


@pytest.mark.parametrize(
    "change, reason",
    [(change_code, "learner: "), (change_numerics, "numerics: -1"), (change_episodes, "inputs: ")],
)
def test_runs_of_other_code_or_episodes_are_made_again(clone: Project, change, reason: str):
    clone.call("snakemake", "-n")  # unpacks
    change(clone)
    plan = clone.call("snakemake", "-n")
    assert "2 of 3 runs are done" in plan and reason in plan
