"""`metascore check`: the faults of a learner's file, each in a line."""

import pytest
import temporary_project
from temporary_project import Project

from metascore.cli import main

FILE = "src/metascore/learners/my_own.py"
ONE_HOT = "torch.nn.functional.one_hot(support.y, self.problem.way)"
CHECK = ("python", "-m", "metascore", "check", "my_own")  # nothing has been measured yet


@pytest.fixture
def project(tmp_path) -> Project:
    """The project with a learner more."""
    copy = temporary_project.copy_project(tmp_path / "project")
    copy.call("python", "-m", "metascore", "new-learner", "my_own")
    return copy


@pytest.mark.slow
def test_a_learner_is_tried_on_each_kind_of_task(project):
    assert "my_own on omniglot_5w1s: all" in project.call(*CHECK)
    project.replace(FILE, ONE_HOT, "torch.eye(self.problem.way)[support.y]")
    said = project.call(*CHECK, status=1)
    fault = next(line for line in said.splitlines() if line.startswith("my_own on omniglot_5w1s"))
    assert f"{FILE}, line " in fault and "torch.eye(n, device=x.device)" in fault
    assert "metascore check: my_own: checks that fail: 1: correct" in said.splitlines()[-1]


def test_a_file_that_cannot_be_imported_is_named_with_its_line(project):
    project.replace(FILE, "import torch\n", "import torch\nimport no_such_thing\n")
    assert f"{FILE}, line 2" in project.call(*CHECK, status=1)


def test_what_is_no_learner_is_refused(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    assert main(["check", "mamll"]) == 2
    assert "metascore check: mamll: not part of budget quick: one of chance" in capsys.readouterr().err
