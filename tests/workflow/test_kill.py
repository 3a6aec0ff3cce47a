"""kill -9 of a running workflow: the same command goes on; a second one at the same time is refused."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from temporary_project import Project

pytestmark = pytest.mark.slow


def start(project: Project) -> subprocess.Popen:
    """A workflow that is busy in a job."""
    process = subprocess.Popen(
        ("snakemake", "--cores", "1"),
        cwd=project.path,
        env=project.environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(project.path / "busy")
    return process


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


def test_a_killed_workflow_goes_on(project: Project):
    stage = "src/metascore/stages/aggregate.py"
    idle = (project.path / stage).read_text()
    project.append(stage, "\nimport time\nPath('busy').touch()\ntime.sleep(60)\n")
    process = start(project)
    try:
        refused = project.call("snakemake", "--cores", "1", status=1)
        assert "cannot be locked" in refused
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    (project.path / stage).write_text(idle)
    assert project.ran("snakemake", "--cores", "1") == {"Scores to metrics, tables, figures and report"}
    assert project.planned() == set()
