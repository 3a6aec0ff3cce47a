"""`dvc exp run -S`: what cannot win is an error that names what wins."""

import subprocess
from pathlib import Path

import pytest
import small_configuration
import yaml
from temporary_project import Project, jobs_of

from metascore.config import loading
from metascore.errors import UsageError
from metascore.orchestration import overrides

INEFFECTIVE = {
    # file and key, value, what the error says
    "params.yaml: learners.maml.width": (32, "params/tiny.yaml wins \\(learners.all.width\\)"),
    "params.yaml: learners.maml.for.omniglot.test_steps": (
        2,
        "params/tiny.yaml wins \\(learners.maml.test_steps\\)",
    ),
    "params.yaml: learners.maml.training.meta_batch": (16, "wins \\(learners.all.training.meta_batch\\)"),
}
EFFECTIVE = {
    "params.yaml: learners.maml.inner_lr": 0.25,  # of waves
    "params.yaml: learners.first.inner_lr": 0.25,
    "params.yaml: learners.maml.training.meta_lr": 0.25,
    "params.yaml: split.seed": 1,
    "params/tiny.yaml: learners.maml.test_steps": 2,
    "params/tiny.yaml: learners.all.width": 16,
    "params/tiny.yaml: seeds": [3],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The small configuration in a revision of git."""
    params, budgets = small_configuration.values()
    write(tmp_path / "params.yaml", params)
    (tmp_path / "params").mkdir()
    for name, values in budgets.items():
        write(tmp_path / f"params/{name}.yaml", values)
    monkeypatch.chdir(tmp_path)
    for command in (
        ("init",),
        ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=b", "commit", "--message", "Begin"),
    ):
        subprocess.run(("git", *command), check=True, capture_output=True)
    return tmp_path


def write(path, values):
    path.write_text(yaml.safe_dump(values, sort_keys=False))


def override(path: str, value: object) -> None:
    """As `dvc exp run -S` does."""
    file, _, keys = path.partition(": ")
    *sections, key = keys.split(".")
    values = section = yaml.safe_load(Path(file).read_text())
    for name in sections:
        section = section.setdefault(name, {})
    section[key] = value
    write(Path(file), values)


@pytest.mark.parametrize("path", INEFFECTIVE)
def test_what_cannot_win_is_named_with_what_wins(place, monkeypatch, path):
    value, said = INEFFECTIVE[path]
    override(path, value)
    overrides.check(loading.load())
    monkeypatch.setenv(overrides.BASELINE, "HEAD")
    with pytest.raises(UsageError, match=said) as error:
        overrides.check(loading.load())
    assert path.partition(": ")[2] in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("path", EFFECTIVE)
def test_what_wins_passes(place, path):
    override(path, EFFECTIVE[path])
    overrides.check(loading.load(), "HEAD")


def test_a_file_that_the_revision_does_not_have_is_new(place):
    overrides.check(loading.load(), "HEAD")
    subprocess.run(("git", "rm", "--quiet", "--cached", "params/other.yaml"), check=True)
    overrides.check(loading.load(budget="other"), "HEAD")


def test_an_experiment_that_could_change_nothing_is_refused(tracked: Project):
    said = tracked.call("dvc", "exp", "run", "-S", "learners.maml.inner_lr=1.75", status=255)
    assert "learners.maml.inner_lr: changed for this experiment, and params/smoke.yaml wins" in said
    tracked.call("git", "checkout", "--quiet", "params.yaml")  # where DVC leaves what it was told
    ran = tracked.ran("dvc", "exp", "run", "-S", "learners.maml.test_steps=4")
    assert ran == jobs_of("maml") | jobs_of("fomaml")  # which is like maml
