"""The installed package contains all its files and works without the repository."""

import os
import shutil
import subprocess
import sys

import pytest
from small_project import JOB, LEARNERS, write_data, write_params

NEEDED = ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "src")


@pytest.mark.slow
def test_stages_run_without_the_repository(root, tmp_path):
    source, target, place = (tmp_path / name for name in ("source", "installed", "place"))
    for folder in (source, place):
        folder.mkdir()
    for name in NEEDED:
        (shutil.copytree if (root / name).is_dir() else shutil.copy)(root / name, source / name)
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target))
    subprocess.run((sys.executable, "-m", "pip", "install", *options, str(source)), check=True)
    write_params(place, LEARNERS)
    write_data(place)

    def python(*words: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(target)}
        command = (sys.executable, *words)
        done = subprocess.run(command, cwd=place, env=environment, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert python("-c", "import metascore; print(metascore.__file__)").startswith(str(target))
    python("-m", "metascore", "split")
    python("-m", "metascore", "episodes", "--file", "omniglot/train-5w1s5q-64.npy")
    python("-m", "metascore", "episodes", "--file", "omniglot/validation-5w1s5q-8.npy")
    python("-m", "metascore", "train", *JOB)
