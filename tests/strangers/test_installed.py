"""The package works where it was installed without its repository: everything that it needs is in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_project import JOB, LEARNERS, write_data, write_params

NEEDED = ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "src")


@pytest.fixture(scope="module")
def installed(root, tmp_path_factory) -> Path:
    """A folder with the package alone, as `pip install --target` makes it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name in NEEDED:
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy
        copy(root / name, source / name)
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(target))
    subprocess.run((sys.executable, "-m", "pip", "install", *options, str(source)), check=True)
    return target


def test_every_file_of_the_package_is_in_it(root, installed):
    wanted = {
        path.relative_to(root / "src")
        for path in (root / "src/metascore").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert not {str(path) for path in wanted if not (installed / path).is_file()}


def test_its_metadata_say_licence_and_notice(installed):
    (info,) = installed.glob("metascore-*.dist-info")
    assert {path.name for path in (info / "licenses").iterdir()} == {"LICENSE", "NOTICE"}
    assert "License-Expression: MIT" in (info / "METADATA").read_text()


@pytest.mark.slow
def test_stages_run_without_the_repository(installed, tmp_path):
    write_params(tmp_path, LEARNERS)
    write_data(tmp_path)
    environment = os.environ | {"PYTHONPATH": str(installed)}

    def metascore(*words: str) -> None:
        command = (sys.executable, "-m", "metascore", *words)
        done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    where = (sys.executable, "-c", "import metascore; print(metascore.__file__)")
    found = subprocess.run(where, cwd=tmp_path, env=environment, text=True, capture_output=True, check=True).stdout
    assert found.startswith(str(installed))
    metascore("split")
    metascore("episodes", "--file", "omniglot/train-5w1s5q-64.npy")
    metascore("episodes", "--file", "omniglot/validation-5w1s5q-8.npy")
    metascore("train", *JOB)
