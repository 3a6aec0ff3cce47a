"""The command line: what is wrong with it ends with status 2 and one line."""

import os
import subprocess
import sys

import pytest

from metascore.cli import main

JOB = ["--task", "omniglot_5w1s", "--learner", "maml", "--seed", "0"]


def call(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as exit_:
        return int(exit_.code or 0)


@pytest.fixture(autouse=True)
def project(root, monkeypatch):
    monkeypatch.chdir(root)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["train"],
        ["train", *JOB, "--speed", "9"],
        ["train", *JOB[:-1], "zero"],
        ["train", *JOB, "--budget", "huge"],
        ["train", *JOB, "--params", "missing.yaml"],
        ["train", *JOB[:-1], "99"],
        ["train", "--task", "chess", *JOB[2:]],
        ["finetune", *JOB[:2], "--learner", "unheard_of", *JOB[4:]],
        ["episodes"],
        ["episodes", "--file", "../../etc/passwd"],
        ["data", "--budget"],
        ["compare", "HEAD", "--fail-on", "better"],
    ],
    ids=" ".join,
)
def test_a_bad_command_line_is_status_2_and_one_line(arguments, capsys):
    assert call(arguments) == 2
    written = capsys.readouterr()
    assert not written.out and written.err.startswith("metascore") and written.err.count("\n") == 1


def test_missing_data_is_status_1_and_one_line(tmp_path, root, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert call(["train", *JOB, "--budget", "smoke", "--params", str(root / "params.yaml")]) == 1
    error = capsys.readouterr().err
    assert (
        error.startswith("metascore train: ")
        and "data/omniglot/images.npy: missing" in error
        and error.count("\n") == 1
    )


@pytest.mark.parametrize("stage", ["", "data", "split", "episodes", "train", "finetune", "aggregate", "compare"])
def test_every_stage_explains_itself(stage, capsys):
    assert call([*stage.split(), "--help"]) == 0
    assert "usage: metascore" in capsys.readouterr().out


def test_runs_as_a_module(root):
    command = [sys.executable, "-m", "metascore", "split", "--budget", "huge"]
    environment = os.environ | {"PYTHONPATH": str(root / "src")}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith("metascore split: budget: 'huge'")


@pytest.mark.parametrize(("closed", "budget", "status"), [(2, "smoke", 0), (2, "huge", 2), (1, "smoke", 0)])
def test_a_closed_output_changes_no_exit_status(closed, budget, status):
    command = ("sh", "-c", f"{sys.executable} -m metascore list --budget {budget} {closed}>&-")
    assert subprocess.run(command, capture_output=True, check=False).returncode == status


def test_a_reader_that_has_enough_is_no_fault():
    """As in `metascore list | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "metascore", "list"], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_stage_writes_to_an_output_that_was_a_file_before(tmp_path):
    """As in a stage that is forked where the workflow's output is a file, and its own a pipe."""
    code = (
        "import os\nfrom metascore.cli import main\nreading, writing = os.pipe()\nos.dup2(writing, 1)\n"
        "status = main(['list'])\nos._exit(status if os.read(reading, 100) else 9)\n"
    )
    with (tmp_path / "output").open("w") as file:
        assert subprocess.run([sys.executable, "-c", code], stdout=file, check=False).returncode == 0
