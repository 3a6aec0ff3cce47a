"""The workflow on a Slurm of one node: the bits of this machine, whatever happens on the way, and nothing to unlock."""

import re
import signal
import subprocess
import time

import psutil
import slurm
from artefacts import bits
from temporary_project import Project

SLURM = (
    *("snakemake", "--workflow-profile", "profiles/slurm", "--jobs", "4"),
    *("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1"),
)
ONE_A_JOB = ("--group-components", "run=1", "episodes=8")
GOING_ON = "going on from iteration"
TOO_LATE = """

def run(config: Config, job: Run, trained=run) -> None:
    import os, subprocess, time
    trained(config, job)
    if job.learner == "maml" and not Path("late").exists():
        Path("late").touch()
        subprocess.run(["scancel", os.environ["SLURM_JOB_ID"]])
        time.sleep(60)
"""
STUCK = """

def run(config: Config, job: Run, trained=run) -> None:
    import time
    from metascore.store import snapshots

    def save(path, snapshot, saved=snapshots.save):
        saved(path, snapshot)
        if job.learner == "maml" and not Path("stuck").exists():
            Path("stuck").touch()
            time.sleep(600)

    snapshots.save = save
    trained(config, job)
"""


def begun(project: Project, *options: str) -> psutil.Popen:
    """A workflow that has a snapshot of MAML, which trains for longest."""
    with (project.path.parent / "said.log").open("w") as said:
        process = psutil.Popen(
            [*SLURM, *options], cwd=project.path, env=project.environment(), stdout=said, stderr=subprocess.STDOUT
        )
    deadline = time.monotonic() + 300
    while not (project.path / slurm.MAML).exists() or "iteration" not in (project.path / slurm.MAML).read_text():
        assert process.poll() is None and time.monotonic() < deadline, said_by(project)
        time.sleep(0.1)
    return process


def said_by(project: Project) -> str:
    return (project.path.parent / "said.log").read_text()


def ended(project: Project, cluster: dict[str, str], undisturbed: Project, said: str) -> None:
    """The same bits, nothing in the queue, nothing locked, nothing to do."""
    assert bits(project.path) == bits(undisturbed.path), said
    assert not slurm.queue(cluster)
    assert project.planned() == set()


def test_a_whole_run_in_groups(on_slurm, cluster, undisturbed):
    said = on_slurm.call(*SLURM)
    submitted = len(re.findall("has been submitted with SLURM jobid", said))
    assert 0 < submitted < len(re.findall(r"^ *Job \d+: ", said, flags=re.MULTILINE))
    ended(on_slurm, cluster, undisturbed, said)


def test_a_gpu_is_asked_for_from_a_host_without_one(on_slurm, cluster, undisturbed):
    said = on_slurm.call(*SLURM, *ONE_A_JOB, "--set-resources", "meta_train:gpu=1", "finetune:gpu=1")
    assert "gpu=1" in said
    ended(on_slurm, cluster, undisturbed, said)


def test_sigterm_cancels_the_jobs(without_maml, cluster, undisturbed):
    process = begun(without_maml, *ONE_A_JOB)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) != 0
    while slurm.queue(cluster):
        assert time.monotonic() < began + 60, said_by(without_maml)
        time.sleep(0.1)
    said = without_maml.call(*SLURM, *ONE_A_JOB)
    assert GOING_ON in (without_maml.path / slurm.MAML).read_text()
    ended(without_maml, cluster, undisturbed, said)


def test_jobs_of_a_killed_workflow_are_cancelled_by_the_next(without_maml, cluster, undisturbed):
    process = begun(without_maml, *ONE_A_JOB)
    process.kill()
    process.wait()
    assert slurm.queue(cluster)
    said = without_maml.call(*SLURM, *ONE_A_JOB)
    assert "cancelled 1 jobs that a workflow which is gone had left" in said or "cancelled 2 jobs" in said
    ended(without_maml, cluster, undisturbed, said)


def test_a_cancelled_job_is_sent_again(without_maml, cluster, undisturbed):
    process = begun(without_maml, *ONE_A_JOB)
    subprocess.run(["scancel", "--me"], env=without_maml.environment(), check=True)
    assert process.wait(timeout=600) == 0, said_by(without_maml)
    assert GOING_ON in (without_maml.path / slurm.MAML).read_text()
    ended(without_maml, cluster, undisturbed, said_by(without_maml))


def test_after_a_cancelled_job_the_same_command_goes_on(without_maml, cluster, undisturbed):
    process = begun(without_maml, *ONE_A_JOB, "--retries", "0")
    subprocess.run(["scancel", "--me"], env=without_maml.environment(), check=True)
    assert process.wait(timeout=600) != 0, said_by(without_maml)
    said = without_maml.call(*SLURM, *ONE_A_JOB, "--retries", "0")
    assert GOING_ON in (without_maml.path / slurm.MAML).read_text()
    ended(without_maml, cluster, undisturbed, said)


def test_a_job_that_runs_out_of_time_is_sent_again_with_more(without_maml, cluster, undisturbed):
    """One minute, the shortest limit that Slurm knows, then two; the first job stands still after a snapshot."""
    without_maml.append("src/metascore/stages/train_once.py", STUCK)
    limits = ("--groups", "meta_train=train", "finetune=judge", "--set-resources", "meta_train:runtime=attempt")
    said = without_maml.call(*SLURM, *limits)
    ends = slurm.ends(cluster)
    assert (ends.count("TIMEOUT 1:00"), ends.count("COMPLETED 2:00")) == (1, 1), ends
    assert GOING_ON in (without_maml.path / slurm.MAML).read_text()
    ended(without_maml, cluster, undisturbed, said)


def test_a_run_that_ends_unnoticed_is_not_trained_again(without_maml, cluster, undisturbed):
    """Its job is killed after its last file, as by a time limit, and Snakemake deletes the files."""
    without_maml.append("src/metascore/stages/train_once.py", TOO_LATE)
    process = begun(without_maml, *ONE_A_JOB)
    assert process.wait(timeout=600) == 0, said_by(without_maml)
    assert "is put back" in (without_maml.path / slurm.MAML).read_text()
    ended(without_maml, cluster, undisturbed, said_by(without_maml))
