"""`metascore new-learner`: what it writes works from the start, and it writes over nothing."""

import shutil

import pytest
import temporary_project
import yaml
from temporary_project import ROOT, Project

from metascore.errors import UsageError
from metascore.stages.new_learner import with_entry

TESTS = ("conftest.py", "annotations.py", "learners")
ENTRY = "  yours:\n    width: 4\n"
REFUSED = {
    "maml": "entry of this name",
    "fomaml": "entry of this name",
    "base": "base.py exists",
    "half": "half.md exists",
    "My-Own": "not a learner's name",
    "../x": "not a learner's name",
    "class": "not a learner's name",
}
ASK = """
import sys
from metascore import cli

(status,) = {cli.main(["new-learner", name]) for name in sys.argv[1:]}
sys.exit(status)
"""


@pytest.fixture
def project(tmp_path) -> Project:
    """A copy of the project, with the contract tests."""
    copy = temporary_project.copy_project(tmp_path / "project")
    for name in TESTS:
        source, target = ROOT / "tests" / name, copy.path / "tests" / name
        target.parent.mkdir(exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    shutil.copy(ROOT / "pyproject.toml", copy.path)
    return copy


def test_what_it_writes_works(project):
    said = project.call("python", "-m", "metascore", "new-learner", "my_own")
    assert said.startswith("src/metascore/learners/my_own.py, docs/algorithms/my_own.md and an entry in params.yaml: ")
    assert "metascore calibrate my_own" in said
    assert all(file in said for file in ("learners/my_own.py", "docs/algorithms/my_own.md", "params.yaml"))
    for file in ("src/metascore/learners/my_own.py", "docs/algorithms/my_own.md", "params.yaml"):
        assert "FILL IN" in (project.path / file).read_text()
    assert "class MyOwn(AbstractLearner)" in (project.path / "src/metascore/learners/my_own.py").read_text()
    left_out = project.call("python", "-m", "metascore", "recipe", "--task", "omniglot_5w1s", "--learner", "maml")
    assert "params/quick.yaml: my_own: runs on omniglot_5w1s are left out" in left_out
    project.call("ruff", "check", "src/metascore/learners/my_own.py")
    project.call("ruff", "format", "--check", "src/metascore/learners/my_own.py")
    contract(project, "my_own and (declares or shapes or gradients)")


@pytest.mark.slow
def test_what_it_writes_keeps_all_of_the_contract(project):
    project.call("python", "-m", "metascore", "new-learner", "my_own")
    contract(project, "my_own")


def contract(project: Project, which: str) -> None:
    """Run the contract tests that this expression chooses, all of which must pass."""
    tested = project.call("python", "-m", "pytest", "-q", "tests/learners/test_contract.py", "-k", which)
    assert " passed" in tested and "skipped" not in tested


def test_it_writes_over_nothing(project):
    before = {path: path.read_bytes() for path in project.path.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    (project.path / "docs/algorithms/half.md").write_text("begun")
    said = project.call("python", "-c", ASK, *REFUSED, status=2).splitlines()
    assert len(said) == len(REFUSED)
    assert all(culprit in line for culprit, line in zip(REFUSED.values(), said, strict=True))
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.parametrize("after", ["", "\n# of budgets\nbudgets:\n  quick: {}\n", "budgets: {}\n"])
def test_an_entry_goes_to_the_end_of_its_section(after, tmp_path):
    text = "tasks: {}\nlearners: # in their order\n  mine: {width: 8} # small\n" + after
    found = with_entry(text, ENTRY, "yours", tmp_path)
    assert found.replace(ENTRY, "") == text or found.replace("\n" + ENTRY.rstrip(), "") == text
    assert yaml.safe_load(found)["learners"] == {"mine": {"width": 8}, "yours": {"width": 4}}


@pytest.mark.parametrize("text", ["tasks: {}\n", "learners: {mine: {}}\n", "learners:\n    mine: {}\n"])
def test_a_section_of_another_form_is_left_alone(text, tmp_path):
    with pytest.raises(UsageError, match="by hand"):
        with_entry(text, ENTRY, "yours", tmp_path)
