"""The workflow on a Slurm of one node: the bits of this machine, whatever happens on the way."""

import re
import signal
import subprocess
import time

import psutil
import slurm
from temporary_project import Project
from tiny_workflow import MAML_LOG, bits

SLURM = (
    *("snakemake", "--workflow-profile", "profiles/slurm", "--jobs", "4"),
    *("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1"),
)
ONE_A_JOB = ("--group-components", "run=1", "episodes=8")
STUCK = """

def run(config, jobs, trained=run) -> None:
    def save(path, snapshot, saved=snapshots.save):
        saved(path, snapshot)
        if jobs[0].learner == "maml" and not Path("stuck").exists():
            Path("stuck").touch()
            time.sleep(600)

    snapshots.save = save
    trained(config, jobs)
"""


def begun(project: Project) -> psutil.Popen:
    """A workflow that has a snapshot of MAML, which trains for longest."""
    with (project.path.parent / "output.log").open("w") as output:
        process = psutil.Popen(
            [*SLURM, *ONE_A_JOB], cwd=project.path, env=project.environment(), stdout=output, stderr=subprocess.STDOUT
        )
    log, deadline = project.path / MAML_LOG, time.monotonic() + 300
    while not log.exists() or "validation" not in log.read_text():
        assert process.poll() is None and time.monotonic() < deadline, output_of(project)
        time.sleep(0.1)
    return process


def output_of(project: Project) -> str:
    return (project.path.parent / "output.log").read_text()


def ended(project: Project, cluster: dict[str, str], undisturbed: Project, output: str) -> None:
    """The same bits from a snapshot, nothing in the queue, nothing to do."""
    assert "going on from iteration" in (project.path / MAML_LOG).read_text(), output
    assert bits(project.path) == bits(undisturbed.path), output
    assert not slurm.queue(cluster) and project.planned() == set()


def whole(project: Project, cluster: dict[str, str], undisturbed: Project, *options: str) -> str:
    """The output of a whole run, which has the same bits and leaves nothing to do."""
    output = project.call(*SLURM, *options)
    assert bits(project.path) == bits(undisturbed.path), output
    assert not slurm.queue(cluster) and project.planned() == set()
    return output


def test_a_whole_run_in_groups(on_slurm, cluster, undisturbed):
    output = whole(on_slurm, cluster, undisturbed)
    submitted = len(re.findall("has been submitted with SLURM jobid", output))
    assert 0 < submitted < len(re.findall(r"^ *Job \d+: ", output, flags=re.MULTILINE))


def test_a_whole_run_with_a_gpu_for_each_job(on_slurm, cluster, undisturbed):
    """As the profile says; in a group the GPUs of all its jobs would add up."""
    gpus = ("--set-resources", "meta_train:gpu=1", "finetune:gpu=1")
    assert "gpu=1" in whole(on_slurm, cluster, undisturbed, *gpus, *ONE_A_JOB)


def test_sigterm_cancels_the_jobs(on_slurm, cluster, undisturbed):
    process = begun(on_slurm)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) != 0
    deadline = time.monotonic() + 60
    while slurm.queue(cluster):
        assert time.monotonic() < deadline, output_of(on_slurm)
        time.sleep(0.1)
    ended(on_slurm, cluster, undisturbed, on_slurm.call(*SLURM, *ONE_A_JOB))


def test_jobs_of_a_killed_workflow_are_cancelled_by_the_next(on_slurm, cluster, undisturbed):
    process = begun(on_slurm)
    process.kill()
    process.wait()
    assert slurm.queue(cluster)
    on_slurm.call("snakemake", "--unlock")
    output = on_slurm.call(*SLURM, *ONE_A_JOB)
    assert re.search(r"cancelled \d jobs that a killed workflow had left", output)
    ended(on_slurm, cluster, undisturbed, output)


def test_a_cancelled_job_is_sent_again(on_slurm, cluster, undisturbed):
    process = begun(on_slurm)
    subprocess.run(["scancel", "--me"], env=on_slurm.environment(), check=True)
    assert process.wait(timeout=600) == 0, output_of(on_slurm)
    ended(on_slurm, cluster, undisturbed, output_of(on_slurm))


def test_a_job_that_runs_out_of_time_is_sent_again_with_more(on_slurm, cluster, undisturbed):
    """One minute, the shortest limit that Slurm knows, then two; the first job stands still after a snapshot."""
    on_slurm.append("src/metascore/stages/train.py", STUCK)
    limits = ("--groups", "meta_train=train", "finetune=evaluate", "--set-resources", "meta_train:runtime=attempt")
    output = on_slurm.call(*SLURM, *limits)
    ends = slurm.ends(cluster)
    assert (ends.count("TIMEOUT 1:00"), ends.count("COMPLETED 2:00")) == (1, 1), ends
    ended(on_slurm, cluster, undisturbed, output)
