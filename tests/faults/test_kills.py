"""kill -9 at random moments: the same command, after an `--unlock`, ends in the bits of an undisturbed run.

Killed are in turn the process group (as a power cut does), the workflow's process alone (as the system does that runs
out of memory), and one stage.
"""

import os
import random
import signal

import psutil
import pytest
from faults import DVC, SNAKEMAKE, at_work, left_behind, output_of, stages_of, started, wait_for_snapshot
from temporary_project import Project
from tiny_workflow import bits

KILLS = 9
LONGEST = 12.0  # seconds until a kill: an undisturbed run takes about as long


@pytest.mark.parametrize("command", [SNAKEMAKE, DVC], ids=lambda words: words[0])
def test_a_killed_workflow_ends_in_the_same_bits(fresh: Project, undisturbed: Project, command: tuple[str, ...]):
    draw = random.Random(command[0])  # noqa: S311  not for secrets
    for number in range(KILLS):
        process = started(fresh, *command)
        psutil.wait_procs([process], timeout=draw.uniform(0.3, LONGEST))
        below = process.children(recursive=True) if process.is_running() else []
        kill(process, ("group", "driver", "stage")[number % 3])
        process.wait(timeout=600)
        assert not at_work(below, seconds=10)
        fresh.call("snakemake", "--unlock")
    fresh.call(*command)
    assert bits(fresh.path) == bits(undisturbed.path) and not left_behind(fresh)


def kill(process: psutil.Popen, victim: str) -> None:
    """Kill the victim, if it still runs."""
    if process.poll() is not None:
        return
    if victim == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif victim == "driver":
        process.kill()
    else:
        for stage in stages_of(process)[:1]:
            stage.kill()


def test_a_stage_ends_with_its_workflow(fresh: Project):
    driver = started(fresh, *SNAKEMAKE)
    wait_for_snapshot(fresh)
    stages = stages_of(driver)
    driver.kill()
    driver.wait()
    assert stages and not at_work(stages, seconds=5), output_of(fresh)
