"""Workflows that tests of faults disturb."""

import os
import signal
import subprocess
import time

import psutil
from temporary_project import Project
from tiny_workflow import MAML_LOG

SNAKEMAKE, DVC = ("snakemake", "--cores", "2"), ("dvc", "repro")


def left_behind(project: Project) -> list[str]:
    """Temporary files."""
    return [os.fspath(path) for path in project.path.rglob(".*.partial")]


def started(project: Project, *command: str) -> psutil.Popen:
    """A workflow in a process group of its own, which writes into a file beside the project: see `output_of`."""
    with (project.path.parent / "output.log").open("w") as log:
        return psutil.Popen(
            command,
            cwd=project.path,
            env=project.environment(),
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in the background of a shell
            stdout=log,
            stderr=subprocess.STDOUT,
        )


def output_of(project: Project) -> str:
    """What the workflow of `started` has written."""
    return (project.path.parent / "output.log").read_text()


def stages_of(process: psutil.Process) -> list[psutil.Process]:
    """The stages of the pipeline that run below a workflow."""
    found = []
    for child in process.children(recursive=True):
        try:
            found += [child] if "metascore" in child.cmdline() else []
        except psutil.NoSuchProcess:
            continue
    return found


def at_work(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that run after some time: not ended, and no zombies."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def wait_for_snapshot(project: Project) -> None:
    """Wait until MAML, which trains for longest, has saved its state."""
    log, deadline = project.path / MAML_LOG, time.monotonic() + 120
    while not log.exists() or "validation" not in log.read_text():
        assert time.monotonic() < deadline, output_of(project)
        time.sleep(0.02)
