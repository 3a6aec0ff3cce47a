"""Every way to an environment installs requirements.lock, which pins everything that the project names."""

import re
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKED = "--require-hashes --requirement requirements.lock"


def pins(text: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", text, flags=re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def test_conda_container_and_ci_use_the_lock_and_the_named_pythons(root):
    classifiers = tomllib.loads((root / "pyproject.toml").read_text())["project"]["classifiers"]
    pythons = [found.group(1) for found in (re.search(r"Python :: (\d\.\d+)$", line) for line in classifiers) if found]
    *tools, packages = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    assert " ".join(packages["pip"]) == LOCKED
    assert dict(tool.partition("=")[::2] for tool in tools)["python"] in pythons
    container = (root / "Containerfile").read_text()
    assert f"RUN pip install --no-cache-dir {LOCKED}" in container
    assert re.findall(r"^FROM python:([\d.]+)-slim$", container, re.MULTILINE)[0] in pythons
    jobs = yaml.safe_load((root / ".github/workflows/ci.yml").read_text())["jobs"]
    assert jobs["ci"]["strategy"]["matrix"]["python"] == pythons


def test_the_lock_pins_everything_with_hashes(root):
    lock, constraints = (root / "requirements.lock").read_text(), (root / "constraints.txt").read_text()
    entries = re.split(r"\n(?=\S)", lock.strip())
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)
    pinned, locked = pins(constraints), pins(lock)
    astray = {name for name, version in locked.items() if pinned.get(name, version) != version}
    assert not astray, f"{astray}: constraints.txt has other versions: make lock"
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = map(Requirement, [*project["dependencies"], *extras["dev"], *extras["cluster"]])
    missing = [str(one) for one in wanted if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"))]
    assert not missing, f"{missing}: not in requirements.lock: make lock"
