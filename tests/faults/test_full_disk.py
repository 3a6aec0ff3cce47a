"""No space: each stage says which file needs how much, leaves nothing half-written, and goes on when there is space.

A limit on file sizes stands for the full disk (RLIMIT_FSIZE; Python sees an error where a disk would give one), and
where the system allows it a real small disk does.
"""

import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from faults import bits, left_behind
from small_project import CHECKPOINT, JOB, SCORES, metascore
from temporary_project import Project

SPLIT, EPISODES = "data/splits/random.json", "data/episodes/omniglot/test-5w1s5q-32.npy"
STAGES = {  # command: (a file that it writes and that must not exist when it starts, bytes that are too few)
    ("data",): ("data/omniglot/images.npy", 100_000),
    ("split",): (SPLIT, 1000),
    ("episodes", "--file", "omniglot/test-5w1s5q-32.npy"): (EPISODES, 500),
    ("train", *JOB): (CHECKPOINT, 500),
    ("finetune", *JOB): (SCORES, 200),
    ("aggregate",): ("results/smoke/metrics.json", 20),
    ("aggregate", "--debug"): ("results/smoke/report.html", 200_000),
}


def limited(project: Project, command: tuple[str, ...], size: int) -> subprocess.CompletedProcess:
    """A stage that can't write files of more than `size` bytes."""
    return subprocess.run(
        (sys.executable, "-m", "metascore", *command),
        cwd=project.path,
        env=project.environment(),
        text=True,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )


@pytest.mark.parametrize("command", STAGES, ids=lambda words: f"{words[0]} {STAGES[words][0]}")
def test_every_stage_names_the_file_and_the_space(finished, undisturbed, command):
    file, size = STAGES[command]
    (finished.path / file).unlink()
    shutil.rmtree(finished.path / ".rolling")
    words = tuple(word for word in command if word != "--debug")
    failed = limited(finished, words, size)
    (line,) = [line for line in failed.stderr.splitlines() if line.startswith("metascore ")]
    assert failed.returncode == 1 and "Traceback" not in failed.stderr
    assert "cannot be written" in line and " bytes, " in line and "free" in line and "same command again" in line
    assert not (finished.path / file).exists() and not left_behind(finished)
    metascore(finished.path, *words)
    assert bits(finished) == bits(undisturbed)


def test_a_workflow_on_a_full_disk_goes_on_when_there_is_space(pristine, undisturbed, tmp_path):
    """20 MB are too few for the images, 60 MB are enough for everything."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(("mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk), check=False).returncode:
        pytest.skip("mounting a small disk needs more rights")
    try:
        project = Project(Path(shutil.copytree(pristine.path, disk / "project")))
        failed = project.call("snakemake", "--cores", "2", status=1)
        assert "data/omniglot/images.npy: cannot be written (No space left on device): it needs 25" in failed
        assert not left_behind(project)
        subprocess.run(("mount", "-o", "remount,size=200m", disk), check=True)
        project.call("snakemake", "--cores", "2")
        assert bits(project) == bits(undisturbed)
    finally:
        subprocess.run(("umount", disk), check=True)
