"""`make setup`: what is installed is pinned and verified; an environment is made anew where it cannot be right."""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# A build backend without dependencies: what is tested is the Makefile, not the network.
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
TOY = "def main():\n    print('this is', __file__)\n"


@pytest.fixture
def place(root, tmp_path) -> Path:
    """A folder with this Makefile and a package without dependencies."""
    place = tmp_path / "one"
    place.mkdir()
    shutil.copy(root / "Makefile", place)
    (place / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
        "[project]\nname = 'toy'\nversion = '1'\n"
    )
    (place / "requirements.lock").touch()
    (place / "backend.py").write_text(BACKEND)
    (place / "toy.py").write_text(TOY)
    return place


def setup(place: Path, **environment: str) -> str:
    """What `make setup` says."""
    everything = os.environ | environment
    done = subprocess.run(("make", "setup"), cwd=place, env=everything, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def toy(place: Path) -> str:
    """What the environment's command says."""
    return subprocess.run(place / ".venv/bin/toy", text=True, capture_output=True, check=True).stdout.strip()


@pytest.mark.slow
def test_a_finished_environment_is_kept(place):
    setup(place)
    mark = place / ".venv/mark"
    mark.touch()
    assert setup(place) == "" and mark.exists()
    os.utime(place / ".venv/.complete", (0, 0))
    assert setup(place) == "" and mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.0])
def test_an_interrupted_setup_heals(place, seconds):
    with subprocess.Popen(("make", "setup"), cwd=place, start_new_session=True, stderr=subprocess.PIPE) as make:
        try:
            make.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(make.pid, signal.SIGINT)
    setup(place)
    assert toy(place) == f"this is {place}/toy.py"


@pytest.mark.slow
def test_an_environment_without_its_installer_heals(place):
    """What Ctrl-C in the first second leaves behind."""
    subprocess.run(("python3", "-m", "venv", "--without-pip", place / ".venv"), check=True)
    assert "unfinished" in setup(place)
    assert toy(place) == f"this is {place}/toy.py"


@pytest.mark.slow
def test_a_copy_of_the_project_runs_its_own_code(place):
    setup(place)
    other = place.parent / "two"
    shutil.copytree(place, other, symlinks=True)
    assert toy(other) == f"this is {place}/toy.py"  # that is what has to be mended
    assert "another folder" in setup(other)
    assert toy(other) == f"this is {other}/toy.py"


def wheel(folder: Path, name: str, version: str, *header: str) -> str:
    """A line of a lock for a package without code that is made in `folder`."""
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        metadata = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *header)
        archive.writestr(f"{info}/METADATA", "\n".join(metadata) + "\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.mark.slow
def test_a_package_that_is_asked_for_with_an_extra_keeps_its_version(place):
    wheels = place.parent / "wheels"
    wheels.mkdir()
    lock = wheel(wheels, "asking", "1", "Requires-Dist: measure[more]>=1") + wheel(
        wheels, "measure", "1", "Provides-Extra: more"
    )
    wheel(wheels, "measure", "2", "Provides-Extra: more")
    (place / "requirements.lock").write_text(lock)
    setup(place, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels), UV_NO_INDEX="1", UV_FIND_LINKS=str(wheels))
    assert [path.name for path in place.glob(".venv/lib/*/site-packages/measure-*")] == ["measure-1.dist-info"]


def pins(text: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", text, flags=re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_what_is_installed_is_pinned_with_hashes(root):
    lock, constraints = (root / "requirements.lock").read_text(), (root / "constraints.txt").read_text()
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    pinned = pins(constraints)
    astray = {name for name, version in pins(lock).items() if pinned.get(name, version) != version}
    assert not astray, f"{astray}: constraints.txt has other versions: make lock"


def test_everything_that_the_project_names_is_in_the_lock(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = map(Requirement, [*project["dependencies"], *extras["dev"], *extras["cluster"]])
    locked = pins((root / "requirements.lock").read_text())
    missing = [str(one) for one in wanted if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"))]
    assert not missing, f"{missing}: not in requirements.lock: make lock"
