"""Impossible parameters: one line that names the key, and no job."""

import pytest
from temporary_project import Project


@pytest.mark.parametrize(
    "path, value, named",
    [("learners.maml.inner_lrr", 0.1, "inner_lrr"), ("split.train", -1, "split.train")],
)
def test_one_line_names_the_key(project: Project, path: str, value: object, named: str):
    project.set_parameter(path, value)
    said = project.call("snakemake", "--cores", "1", status=1)
    lines = [line for line in said.splitlines() if line.startswith("params: ")]
    assert len(lines) == 1 and named in lines[0]
    assert "Traceback" not in said and "Job " not in said


@pytest.mark.parametrize("option, named", [("budget=huge", "huge"), ("split=lake", "split")])
def test_the_command_line_chooses_a_budget_and_nothing_else(project: Project, option: str, named: str):
    said = project.call("snakemake", "-n", "--config", option, status=1)
    assert named in said and "Traceback" not in said


@pytest.mark.parametrize(
    "target",
    [
        "results/smoke/scores/omniglot_5w1s/x; touch pwned;/0.npy",
        "results/smoke/scores/$(touch pwned)/maml/0.npy",
        "results/smoke/runs/omniglot_5w1s/maml/0; touch pwned/run.json",
        "data/episodes/omniglot/x`touch pwned`.npy",
    ],
)
def test_a_target_that_is_a_command_is_no_target(project: Project, target: str):
    said = project.call("snakemake", "--cores", "1", "--", target, status=1)
    assert "MissingRuleException" in said
    assert not list(project.path.rglob("pwned*"))
