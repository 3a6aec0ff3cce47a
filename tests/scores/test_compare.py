"""Stage compare in a small repository of git and DVC: what it prints, when it fails, what it refuses."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import fake_results
import numpy as np
import pytest

from metascore.config.params import Run
from metascore.errors import UserError
from metascore.stages import compare

pytestmark = pytest.mark.slow  # DVC takes seconds a command

TASK = "omniglot_5w1s"
CHOSEN = fake_results.config(tasks=(TASK,))
IDENTITY = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def call(*command, folder=None):
    environment = os.environ | IDENTITY | {"DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def dvc(*arguments, folder):
    call(sys.executable, "-m", "dvc", *arguments, "--quiet", folder=folder)


def move(learner, change):
    for seed in CHOSEN.seeds:
        path = Path(f"results/tiny/scores/{TASK}/{learner}/{seed}.npy")
        fake_results.write_scores(Path(), Run(TASK, learner, seed), np.clip(np.load(path) + change, 0, 1))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A repository with two commits: one without results, one with scores, pushed to a remote beside it."""
    folder = tmp_path_factory.mktemp("recorded") / "project"
    folder.mkdir()
    call("git", "init", "--quiet", folder=folder)
    dvc("init", folder=folder)
    dvc("remote", "add", "--default", "beside", "../remote", folder=folder)
    call("git", "commit", "--quiet", "--all", "--message", "Start", folder=folder)
    fake_results.write(folder, CHOSEN)
    dvc("add", "results/tiny/scores", folder=folder)
    call("git", "add", "results/tiny/scores.dvc", "results/tiny/.gitignore", folder=folder)
    call("git", "commit", "--quiet", "--message", "Scores", folder=folder)
    dvc("push", folder=folder)
    return folder


@pytest.fixture
def project(recorded, tmp_path, monkeypatch):
    """A copy to work in, with its remote."""
    shutil.copytree(recorded.parent, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy" / "project")


def rows(text):
    """Verdict and pairing by learner."""
    cells = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("| ")]
    return {row[1]: (row[-2], row[-3]) for row in cells[2:]}


def test_nothing_moved(project, capsys):
    compare.run(CHOSEN, "HEAD", fail_on_worse=True)
    assert rows(capsys.readouterr().out) == dict.fromkeys(fake_results.FAMILIES, ("no evidence", "yes"))


def test_what_moved_is_said_and_may_fail(project, capsys):
    move("maml", -0.1)
    move("fomaml", 0.05)
    compare.run(CHOSEN, "HEAD")
    verdicts = rows(capsys.readouterr().out)
    assert verdicts["maml"] == ("worse", "yes") and verdicts["fomaml"] == ("better", "yes")
    assert verdicts["protonet"] == ("no evidence", "yes")
    with pytest.raises(UserError, match=f"worse than HEAD: {TASK}/maml: "):
        compare.run(CHOSEN, "HEAD", fail_on_worse=True)


def test_other_episodes_and_other_seeds_are_not_paired(project, capsys):
    compare.run(fake_results.config(tasks=(TASK,), seeds=(0,)), "HEAD")
    for path in Path("results/tiny/scores").rglob("*.json"):
        path.write_text('{"key": {"inputs": {"data/episodes/test.npy": "other"}}}')
    Path(f"results/tiny/scores/{TASK}/fomaml/0.json").unlink()
    before = rows(capsys.readouterr().out)
    compare.run(CHOSEN, "HEAD")
    found = [*before.values(), *rows(capsys.readouterr().out).values()]
    assert {paired for _, paired in found} == {"no"}


def test_a_learner_without_scores_there_is_left_out(project, capsys, caplog):
    place = f"results/tiny/scores/{TASK}/fomaml"
    shutil.move(place, "elsewhere")
    dvc("add", "results/tiny/scores", folder=".")
    call("git", "commit", "--quiet", "--all", "--message", "Fewer")
    shutil.move("elsewhere", place)
    with caplog.at_level("INFO"):
        compare.run(CHOSEN, "HEAD")
    assert "fomaml" not in rows(capsys.readouterr().out)
    assert f"{TASK}/fomaml: not compared" in caplog.text


def test_the_remote_serves_where_the_cache_is_empty(project, capsys):
    shutil.rmtree(".dvc/cache")
    compare.run(CHOSEN, "HEAD")
    assert len(rows(capsys.readouterr().out)) == len(fake_results.FAMILIES)
    shutil.rmtree(".dvc/cache", ignore_errors=True)
    shutil.rmtree("../remote")
    refused("HEAD", "can't be had")


def test_revisions_without_scores_and_folders_without_git_are_refused_in_one_line(project, tmp_path, monkeypatch):
    for revision, complaint in (("nowhere", "no revision"), ("--help", "no revision"), ("HEAD~1", "can't be had")):
        refused(revision, complaint)
    monkeypatch.chdir(tmp_path)
    refused("HEAD", "no revision")


def refused(revision, complaint):
    with pytest.raises(UserError, match=complaint) as error:
        compare.run(CHOSEN, revision)
    assert "\n" not in str(error.value) and str(error.value).startswith(f"{revision}: ")
