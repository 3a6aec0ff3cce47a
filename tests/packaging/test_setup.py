"""`make setup` keeps a finished environment and makes an unfinished or copied one again."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

# A build backend without dependencies, so that the Makefile is tested without a network.
BACKEND = """
import zipfile

INFO = "toy-1.dist-info"


def build_editable(folder, settings=None, metadata=None):
    with zipfile.ZipFile(f"{folder}/toy-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("toy.pth", __file__.rpartition("/")[0])
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\\nName: toy\\nVersion: 1\\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{INFO}/entry_points.txt", "[console_scripts]\\ntoy = toy:main\\n")
        wheel.writestr(f"{INFO}/RECORD", "")
    return "toy-1-py3-none-any.whl"
"""
PROJECT = """
[build-system]
requires = []
build-backend = 'backend'
backend-path = ['.']
[project]
name = 'toy'
version = '1'
"""


@pytest.fixture
def place(root, tmp_path) -> Path:
    """A folder with this Makefile and a package without dependencies."""
    place = tmp_path / "one"
    place.mkdir()
    shutil.copy(root / "Makefile", place)
    (place / "pyproject.toml").write_text(PROJECT)
    (place / "requirements.lock").touch()
    (place / "backend.py").write_text(BACKEND)
    (place / "toy.py").write_text("def main():\n    print(__file__)\n")
    return place


def setup(place: Path) -> str:
    """The messages of `make setup`."""
    done = subprocess.run(("make", "setup"), cwd=place, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def runs(place: Path) -> str:
    """The file that the installed command runs."""
    return subprocess.run(place / ".venv/bin/toy", text=True, capture_output=True, check=True).stdout.strip()


@pytest.mark.slow
def test_an_interrupted_setup_is_made_again_and_a_finished_one_kept(place):
    with subprocess.Popen(("make", "setup"), cwd=place, start_new_session=True, stderr=subprocess.PIPE) as make:
        try:
            make.wait(1)
        except subprocess.TimeoutExpired:
            os.killpg(make.pid, signal.SIGINT)
    setup(place)
    assert runs(place) == f"{place}/toy.py"
    mark = place / ".venv/mark"
    mark.touch()
    assert setup(place) == "" and mark.exists()


@pytest.mark.slow
def test_a_copy_of_the_project_runs_its_own_code(place):
    setup(place)
    other = place.parent / "two"
    shutil.copytree(place, other, symlinks=True)
    assert runs(other) == f"{place}/toy.py"  # before `make setup`
    assert "another folder" in setup(other)
    assert runs(other) == f"{other}/toy.py"
