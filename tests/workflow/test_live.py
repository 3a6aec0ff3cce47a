"""What people see of a workflow: few lines, in a terminal and elsewhere; the rest is in the log that is named."""

import os
import pty
import subprocess
from pathlib import Path

import pytest
from temporary_project import Project

SCREEN = 24  # lines
FINETUNE = "src/metascore/stages/finetune.py"


@pytest.fixture
def changed(project: Project) -> Project:
    """A finished copy whose runs are all to be judged again, and MAML's cannot be."""
    project.append(FINETUNE, "\n\nwhole = run\n\n\ndef run(config, job):\n    whole(config, job)\n")
    project.append(FINETUNE, "    print('much to say')\n    if job.learner == 'maml':\n        raise KeyError('odd')\n")
    return project


def test_the_log_that_is_named_has_what_the_terminal_has_not(changed: Project):
    before = set(changed.logs())
    said = changed.call("snakemake", "--cores", "2", status=1)
    (log,) = set(changed.logs()) - before
    assert str(log) in said and "much to say" not in said and "Reason" not in said
    job = "Fine-tuning omniglot_5w1s/fomaml/0"
    assert job in log.read_text() and job not in said
    assert "metascore finetune --budget smoke --task omniglot_5w1s --learner fomaml" in log.read_text()
    assert "much to say" in (changed.path / "logs/smoke/finetune/omniglot_5w1s/fomaml/0.log").read_text()
    assert len(said.splitlines()) < SCREEN


def test_a_failed_job_is_named_once_with_its_own_last_line(changed: Project):
    lines = changed.call("snakemake", "--cores", "2", status=1).splitlines()
    log = "logs/smoke/finetune/omniglot_5w1s/maml/0.log"
    (number,) = [number for number, line in enumerate(lines) if line.startswith("failed: ")]
    assert lines[number] == f"failed: Fine-tuning omniglot_5w1s/maml/0: see {log}"
    assert lines[number + 1].startswith("metascore finetune: KeyError: 'odd'")
    assert sum("KeyError" in line for line in lines) == 1


def test_what_the_report_has_to_say_is_said(project: Project):
    project.append("src/metascore/stages/aggregate.py", "\n\nprint('take care')\n")
    assert "take care" in project.call("snakemake", "--cores", "1").splitlines()


def test_snakemake_s_own_lines_are_one_option_away(changed: Project):
    said = changed.call("snakemake", "--cores", "2", "--printshellcmds", status=1)
    assert "Job" in said and "much to say" in said and "Reason" in said


def test_in_a_terminal_a_line_lives(changed: Project):
    said = in_a_terminal(changed, "snakemake", "--cores", "2")
    assert "\033[1F\033[J" in said and "3 of 6 jobs" in said
    assert "failed: Fine-tuning omniglot_5w1s/maml/0" in said


def in_a_terminal(project: Project, *command: str) -> str:
    """What a command writes to the terminal that it is started in."""
    own, its = pty.openpty()
    process = subprocess.Popen(
        command, cwd=project.path, env=project.environment(), stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    said = b""
    while piece := read(own):
        said += piece
    process.wait()
    os.close(own)
    return said.decode()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # nobody holds its other end any more
        return b""


def test_a_dry_run_says_the_plan_in_a_screen(changed: Project):
    lines = changed.call("snakemake", "-n").splitlines()
    assert len(lines) < SCREEN
    assert "Budget smoke: 0 of 4 runs are done; 5 jobs to do." in lines
    assert "  judge 4 of omniglot_5w1s (other code or parameters): chance, fomaml, maml, protonet" in lines
    assert "  and: Scores to metrics, tables, figures and report" in lines


def test_a_dry_run_of_a_large_budget_too(project: Project):
    lines = project.call("snakemake", "-n", "--config", "budget=quick").splitlines()
    assert len(lines) < SCREEN
    assert "  train and judge 12 of omniglot_5w1s (not there): chance, fomaml, maml, protonet" in lines
    assert not Path(project.path, "results/quick/runs").exists()
