"""kill -9 at random moments: the same command again, after an `--unlock`, ends in the bits of an undisturbed run.

Killed are in turn the whole process group (as a power cut does), the workflow's process alone (as the system does that
runs out of memory; its jobs must not live on), and one stage.
"""

import os
import random
import shutil
import signal

import psutil
import pytest
from faults import at_work, bits, is_stage, left_behind, said, started, wait_for_snapshot
from temporary_project import Project

KILLS = 21  # by each driver
LONGEST = 14.0  # seconds: an undisturbed run takes about as long
MADE = ("data", "results", ".rolling", ".snakemake", "logs")


@pytest.mark.parametrize("command", [("snakemake", "--cores", "2"), ("dvc", "repro")], ids=lambda words: words[0])
def test_a_killed_workflow_ends_in_the_same_bits(fresh, undisturbed, command):
    draw, kills, finishes = random.Random(command[0]), 0, 0  # noqa: S311  not for secrets
    while kills < KILLS or not finishes:
        victim = ("group", "driver", "stage")[kills % 3]
        delay = draw.uniform(0.3, LONGEST) if kills < KILLS else 600
        status, output = run_and_kill(fresh, command, victim, delay)
        if status is None:
            kills += 1
        else:
            assert status == 0, output
            assert bits(fresh) == bits(undisturbed)
            assert not left_behind(fresh)
            finishes += 1
            start_over(fresh)


def start_over(project: Project) -> None:
    for name in MADE:
        shutil.rmtree(project.path / name, ignore_errors=True)


def run_and_kill(project: Project, command: tuple[str, ...], victim: str, delay: float) -> tuple[int | None, str]:
    """The exit status of the command and what it said, or None for a status where it was killed first."""
    project.call("snakemake", "--unlock")
    process = started(project, *command)
    killed = not ended(process, delay) and kill(process, victim)
    if killed and victim == "group":
        process.wait()
        return None, ""
    status = process.wait(timeout=600)
    return (None if killed else status), said(project).read_text()


def ended(process: psutil.Popen, delay: float) -> bool:
    try:
        process.wait(timeout=delay)
    except psutil.TimeoutExpired:
        return False
    return True


def kill(process: psutil.Popen, victim: str) -> bool:
    """Kill the victim; returns whether there was one."""
    if victim == "group":
        os.killpg(process.pid, signal.SIGKILL)
        return True
    if victim == "driver":
        process.kill()
        return True
    try:
        stages = [child for child in process.children(recursive=True) if is_stage(child)]
        for stage in stages[:1]:
            stage.kill()
        return bool(stages)
    except psutil.NoSuchProcess:
        return False


def test_a_stage_does_not_outlive_its_workflow(fresh):
    driver = started(fresh)
    wait_for_snapshot(fresh)
    stages = [child for child in driver.children(recursive=True) if is_stage(child)]
    driver.kill()
    driver.wait()
    assert stages
    assert not at_work(stages, seconds=5)
