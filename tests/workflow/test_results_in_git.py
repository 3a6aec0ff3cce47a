"""Results that come with a clone of git: adopted without data, never trained anew; newcomers train their own alone."""

import json
from pathlib import Path

import pytest
import yaml
from small_project import write_params
from temporary_project import Project, copy_project

pytestmark = pytest.mark.slow

LEARNERS = {
    "chance": {},
    "protonet": {"width": 4, "training": {"iterations": 4, "meta_batch": 2, "validations": 1}},
    "siamese": {"width": 4, "training": {"iterations": 4, "meta_batch": 2, "validations": 1}},
}
TOY = {"width": 4, "inner_lr": 0.4, "train_steps": 1, "test_steps": 1, "training": {"iterations": 2, "validations": 1}}
RUN = "results/smoke/runs/omniglot_5w1s/protonet/0"


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


def adopt(project: Project, status: int = 0) -> str:
    return project.call("python", "workflow/adopt.py", status=status)


def test_a_clone_adopts_without_data_and_has_nothing_to_do(clone):
    assert not (clone.path / "data").exists()
    assert "adopted: 3 of 3 runs of smoke, as git has them" in adopt(clone)
    assert "Nothing to be done" in clone.call("snakemake", "-n")
    assert clone.call("git", "status", "--porcelain") == ""
    assert not (clone.path / "data").exists()


def test_what_is_not_adopted_yet_is_not_trained_anew(clone):
    assert "is not adopted yet: run `make adopt`" in clone.call("snakemake", "-n", status=1)


def test_a_newcomer_trains_their_own_learner_only(clone):
    adopt(clone)
    params = yaml.safe_load((clone.path / "params.yaml").read_text())
    params["learners"]["mine"] = {"learner": "maml"} | TOY
    (clone.path / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    data = "snakemake --until episodes --config budget=smoke"
    assert f"make the data for other runs first: `{data}`" in clone.call("snakemake", "--cores", "2", status=1)
    clone.call(*data.split())
    ran = clone.ran("snakemake", "--cores", "2")
    assert {job for job in ran if "training" in job} == {"Meta-training omniglot_5w1s/mine/0"}
    assert {job for job in ran if "tuning" in job} == {"Fine-tuning omniglot_5w1s/mine/0"}
    table = (clone.path / "results/smoke/tables/scores.md").read_text()
    assert all(name in table for name in ("mine", "protonet", "siamese", "chance"))
    assert clone.planned() == set()


def test_code_that_draws_the_same_episodes_leaves_runs_done(clone):
    adopt(clone)
    clone.append("src/metascore/problems/episode_file.py", "\nUNUSED = 1 + 1\n")
    clone.call("snakemake", "--until", "episodes", "--cores", "2")
    assert {job for job in clone.planned() if "training" in job}
    assert "vouched for" in clone.call("metascore", "vouch")
    assert "adopted: 3 of 3 runs of smoke, as they lie here" in clone.call("python", "workflow/adopt.py", "smoke")
    assert not {job for job in clone.planned() if "training" in job or "tuning" in job}


def test_code_that_changed_is_not_adopted(clone):
    clone.append("src/metascore/learners/protonet.py", "\nBIAS = 1 + 1\n")
    said = adopt(clone, status=1)
    assert "1 of its runs are not what would be made, such as omniglot_5w1s/protonet/0 (code of train differs)" in said


def test_a_run_on_other_episodes_is_not_adopted(clone):
    adopt(clone)
    path = clone.path / "results/smoke/scores/omniglot_5w1s/protonet/0.json"
    record = json.loads(path.read_text())
    record["inputs"] = {name.replace("5w1s5q", "5w1s6q"): digest for name, digest in record["inputs"].items()}
    path.write_text(json.dumps(record))
    assert "test episodes differs" in adopt(clone, status=1)
