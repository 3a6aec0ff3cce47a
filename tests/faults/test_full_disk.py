"""No space: each stage names the file and the space that it needs, leaves nothing half-written, and goes on later.

A limit on file sizes stands for the full disk (RLIMIT_FSIZE): Python gets an error where a disk would give one.
"""

import resource
import shutil
import subprocess
import sys

import pytest
from faults import left_behind
from small_project import CHECKPOINT, JOB, SCORES, metascore
from temporary_project import Project
from tiny_workflow import bits

EPISODES = "omniglot/test-5w1s5q-32.npy"
STAGES = {  # command: (a file that it writes and that must not exist when it starts, bytes that are too few)
    ("data",): ("data/omniglot/images.npy", 100_000),
    ("split",): ("data/splits/random.json", 1000),
    ("episodes", "--file", EPISODES): (f"data/episodes/{EPISODES}", 500),
    ("train", *JOB): (CHECKPOINT, 500),
    ("finetune", *JOB): (SCORES, 200),
    ("aggregate",): ("results/smoke/metrics.json", 20),
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


@pytest.mark.parametrize("command", STAGES, ids=lambda words: words[0])
def test_every_stage_names_the_file_and_the_space(finished: Project, undisturbed: Project, command: tuple[str, ...]):
    file, size = STAGES[command]
    (finished.path / file).unlink()
    shutil.rmtree(finished.path / ".rolling")
    failed = limited(finished, command, size)
    (line,) = [line for line in failed.stderr.splitlines() if line.startswith("metascore ")]
    assert failed.returncode == 1 and "Traceback" not in failed.stderr
    assert "cannot be written" in line and " bytes, " in line and "free" in line and "same command again" in line
    assert not (finished.path / file).exists() and not left_behind(finished)
    metascore(finished.path, *command)
    assert bits(finished.path) == bits(undisturbed.path)
