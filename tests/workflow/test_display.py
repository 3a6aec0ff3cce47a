"""What people see of a workflow: few lines, in a terminal and elsewhere; the rest is in the log that is named."""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
from dataclasses import replace

import pytest
from temporary_project import Project

SCREEN = 24  # lines
FINETUNE = "src/metascore/stages/finetune.py"
RUN = ("snakemake", "--cores", "2")
FAILING = """

whole = run


def run(config, jobs):
    print("much to say")
    if jobs[0].learner == "maml":
        raise KeyError("odd")
    whole(config, jobs)
"""


@pytest.fixture
def changed(project: Project) -> Project:
    """A finished copy whose runs are all to be evaluated again; MAML's evaluation fails."""
    project.append(FINETUNE, FAILING)
    shutil.rmtree(project.path / "results/smoke/scores")
    return project


def in_a_terminal(project: Project, *command: str, columns: int = 60) -> str:
    """What a command writes to a terminal of this width."""
    own, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", SCREEN, columns, 0, 0))
    process = subprocess.Popen(
        command, cwd=project.path, env=project.environment(), stdin=its, stdout=its, stderr=its, start_new_session=True
    )
    os.close(its)
    written = b""
    while piece := read(own):
        written += piece
    process.wait()
    os.close(own)
    return written.decode()


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # its other end was closed
        return b""


def test_a_failed_job_is_named_once_with_its_last_line_and_the_log_has_the_rest(changed: Project):
    before = set(changed.logs())
    lines = changed.call(*RUN, status=1).splitlines()
    (log,) = set(changed.logs()) - before
    failed = "failed: Fine-tuning omniglot_5w1s/maml: see logs/smoke/finetune/omniglot_5w1s/maml.log"
    assert lines[lines.index(failed) + 1].startswith("metascore finetune: KeyError: 'odd'")
    assert sum("KeyError" in line for line in lines) == 1 and len(lines) < SCREEN
    assert any(str(log) in line for line in lines) and not any("much to say" in line for line in lines)
    assert "Fine-tuning omniglot_5w1s/fomaml" in log.read_text()


def test_a_report_s_lines_are_shown(project: Project):
    project.append("src/metascore/stages/aggregate.py", "\n\nprint('take care')\n")
    assert "take care" in project.call("snakemake", "--cores", "1").splitlines()


def test_printshellcmds_gives_snakemake_s_own_lines(changed: Project):
    written = changed.call(*RUN, "--printshellcmds", status=1)
    assert "much to say" in written and "Reason" in written


def test_the_progress_is_as_wide_as_the_window(changed: Project):
    wide = replace(changed, variables={"COLUMNS": "500", "TERM": "xterm"})
    written = in_a_terminal(wide, *RUN)
    progress = re.findall(r"\d of \d jobs, [^\r\n\x1b]*", written)
    assert progress and max(map(len, progress)) == 60, max(progress, key=len)
    assert "\033[2K" in written
    assert "failed: Fine-tuning omniglot_5w1s/maml" in written


def test_a_dumb_terminal_gets_plain_lines(changed: Project):
    assert "\033" not in in_a_terminal(replace(changed, variables={"TERM": "dumb"}), *RUN)


def test_a_closed_stderr_ends_no_workflow(project: Project):
    project.set_parameter("learners.fomaml.test_steps", 4)
    project.call("sh", "-c", f"{' '.join(RUN)} 2>&-")
    assert project.planned() == set()


def test_a_locked_folder_names_the_cure(changed: Project):
    lock = changed.path / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("results/smoke/metrics.json\n")
    assert "`snakemake --unlock`" in changed.call(*RUN, status=1).splitlines()[-1]
    changed.call("snakemake", "--unlock")
    assert not lock.exists()


def test_a_dry_run_writes_the_plan_in_a_screen(changed: Project):
    lines = changed.call("snakemake", "-n").splitlines()
    assert len(lines) < SCREEN
    assert "Budget smoke: 0 of 8 runs are done; 5 jobs to do." in lines
    assert "  evaluate 8 of omniglot_5w1s (missing): chance, fomaml, maml, protonet" in lines
    assert "  and: Scores to metrics, tables, figures and report" in lines
