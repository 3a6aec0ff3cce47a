"""A package of one's own that a learner imports is named, since its changes run nothing again."""

from dataclasses import replace
from pathlib import Path

import pytest
from temporary_project import Project

from metascore.config import signatures
from metascore.orchestration import own_packages

IMPORTS = {
    "import mine": True,
    "from mine.tools import double": True,
    "def later():\n    import mine": True,
    "import single": True,
    "import installed": False,
    "import math, torch, metascore.networks.encoder": False,
    "import nowhere": False,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a package and a module of one's own, and another with an installed one."""
    for name in ("mine/__init__.py", "mine/tools.py", "single.py", "site-packages/installed.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    own_packages._folder.cache_clear()
    return tmp_path


@pytest.mark.parametrize("code", IMPORTS)
def test_what_is_neither_python_s_nor_installed_is_unseen(folder: Path, monkeypatch, code: str):
    learner = folder / "learner.py"
    learner.write_text(f"{code}\n")
    monkeypatch.setattr(own_packages, "module_files", lambda modules: dict.fromkeys(modules, learner))
    found = own_packages.unseen("metascore.learners.learner")
    assert bool(found) is IMPORTS[code] and all(place.is_relative_to(folder) for place in found.values())


@pytest.mark.parametrize("file", signatures.learner_files())
def test_no_learner_of_this_project_imports_any(file: str):
    assert own_packages.unseen(signatures.module_of(file)) == {}


def test_a_plan_says_so_in_one_line(project: Project, tmp_path: Path):
    (tmp_path / "mine.py").write_text("SCALE = 1.0\n")
    project.append("src/metascore/learners/protonet.py", "\nimport mine\n")
    project = replace(project, variables={"PYTHONPATH": f"src:{tmp_path}"})
    said = [line for line in project.call("snakemake", "-n").splitlines() if "runs nothing again" in line]
    assert len(said) == 1 and said[0].startswith(f"protonet imports mine from {tmp_path}: ")
