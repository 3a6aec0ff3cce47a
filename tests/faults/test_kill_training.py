"""kill -9 of the trainer at a random moment: the same command again ends in the same bits."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_project import COUNTS, write_params

from metascore.config.params import Run
from metascore.files import sha256, write_json
from metascore.store.paths import Results

pytestmark = pytest.mark.slow
TASK, LEARNER, SEED = "omniglot_5w1s", "maml", 0
JOB = ("--task", TASK, "--learner", LEARNER, "--seed", str(SEED))
SCORES = Path("results/smoke/scores") / TASK / LEARNER / f"{SEED}.npy"


def metascore(place: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "metascore", *arguments], cwd=place, check=True, capture_output=True)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, root) -> Path:
    """A folder with noise for images, and a MAML of twenty validations at budget smoke."""
    place = tmp_path_factory.mktemp("prepared")
    entry = {"width": 4, "inner_lr": 0.4, "train_steps": 1, "test_steps": 3}
    write_params(place, {LEARNER: entry | {"training": {"iterations": 40, "meta_batch": 2, "validations": 20}}})
    (place / "data/omniglot").mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (1623, 20, 28, 28), dtype=np.uint8)
    np.save(place / "data/omniglot/images.npy", images)
    parts = {"train": range(1100), "validation": range(1100, 1200), "test": range(1200, 1623)}
    write_json(place / "data/splits/random.json", {part: list(indices) for part, indices in parts.items()})
    for part, count in COUNTS.items():
        metascore(place, "episodes", "--file", f"omniglot/{part}-5w1s5q-{count}.npy")
    return place


def copied(prepared: Path, place: Path) -> Path:
    shutil.copytree(prepared, place, symlinks=True)
    return place


def digests(place: Path) -> tuple[str, str]:
    metascore(place, "finetune", *JOB)
    checkpoint = Results(Path("results/smoke")).checkpoint(Run(TASK, LEARNER, SEED))
    return sha256(place / checkpoint), sha256(place / SCORES)


def kill_in_the_middle(place: Path, delay: float) -> None:
    """Start training, and kill it some time after its first snapshot."""
    process = subprocess.Popen([sys.executable, "-m", "metascore", "train", *JOB], cwd=place, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(place.glob(".rolling/*/snapshot.safetensors")):
        assert process.poll() is None, "ended before its first snapshot"
        assert time.monotonic() < deadline, "no snapshot came"
        time.sleep(0.01)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "ended before it was killed: lengthen the run"


def test_a_killed_run_ends_in_the_same_bits(prepared, tmp_path):
    undisturbed, killed = copied(prepared, tmp_path / "undisturbed"), copied(prepared, tmp_path / "killed")
    metascore(undisturbed, "train", *JOB)
    for delay in np.random.default_rng(0).uniform(0, 0.4, 3):
        kill_in_the_middle(killed, delay)
        made = {path.name for path in (killed / "results").rglob("*") if path.is_file()}
        assert made <= {"training.csv"}  # which grows, so that it can be plotted
    metascore(killed, "train", *JOB)
    assert digests(killed) == digests(undisturbed)
    assert not list(killed.glob(".rolling/*/snapshot.safetensors"))
