"""The other ways to an environment install what `make setup` installs, and nothing else."""

import re
import tomllib

import pytest
import yaml

LOCK = "requirements.lock"


@pytest.fixture
def pythons(root):
    """The versions of Python that the project names."""
    classifiers = tomllib.loads((root / "pyproject.toml").read_text())["project"]["classifiers"]
    return [found.group(1) for found in (re.search(r"Python :: (\d\.\d+)$", line) for line in classifiers) if found]


def test_conda_takes_all_packages_from_the_lock(root, pythons):
    environment = yaml.safe_load((root / "environment.yml").read_text())
    *tools, packages = environment["dependencies"]
    assert packages == {"pip": ["--require-hashes", f"--requirement {LOCK}"]}
    versions = dict(tool.partition("=")[::2] for tool in tools)
    assert versions.pop("python") in pythons and not any(versions.values())


def test_the_container_takes_all_packages_from_the_lock(root, pythons):
    text = (root / "Containerfile").read_text()
    (python,) = re.findall(r"^FROM python:([\d.]+)-slim$", text, re.MULTILINE)
    assert python in pythons
    installs = re.findall(r"^RUN pip install --no-cache-dir (.*)$", text, re.MULTILINE)
    assert installs == [f"--require-hashes --requirement {LOCK}", "--no-deps --no-build-isolation --editable ."]


def test_continuous_integration_runs_on_each_python(root, pythons):
    jobs = yaml.safe_load((root / ".github/workflows/ci.yml").read_text())["jobs"]
    assert jobs["ci"]["strategy"]["matrix"]["python"] == pythons
    assert any(step.get("run") == ".ci/run" for step in jobs["ci"]["steps"])


def test_issue_forms_and_hooks_are_readable(root):
    for form in (root / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"):
        assert {"name", "description", "body"} <= yaml.safe_load(form.read_text()).keys()
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert all(hook["entry"].startswith(".venv/bin/") for hook in hooks)
