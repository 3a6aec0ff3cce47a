"""The digest of a step's code changes when the code does, and only then."""

from pathlib import Path

import pytest

from metascore.config import signatures
from metascore.orchestration import provenance

FILES = {
    "__init__.py": "",
    "params.py": "import package.unused\n",
    "unused.py": "X = 1\n",
    "tools.py": "def double(x):\n    '''Twice.'''\n    return 2 * x\n",
    "deep/__init__.py": "",
    "deep/stage.py": "from ..tools import double\nfrom package import params\n\n\ndef run():\n    return double(1)\n",
    "deep/other.py": "import package.deep.stage\n",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package."""
    monkeypatch.setattr(provenance, "CONFIGURATION", "package.params")
    for name, text in FILES.items():
        (tmp_path / "package" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "package" / name).write_text(text)
    return tmp_path / "package"


def digest(package: Path, module: str = "package.deep.other") -> str:
    provenance._parsed.cache_clear()
    return provenance.code_digest([module], package)


def test_the_closure_of_imports(package: Path):
    modules = provenance.module_files(["package.deep.other"], package)
    assert set(modules) == {"package", "package.deep", "package.deep.other", "package.deep.stage", "package.tools"}


@pytest.mark.parametrize(
    "file, old, new, changes",
    [
        ("tools.py", "2 * x", "3 * x", True),
        ("tools.py", "2 * x", "(2 *  x)  # a comment", False),
        ("tools.py", "'''Twice.'''", "'''Two times.'''", False),
        ("tools.py", "    '''Twice.'''\n", "", False),
        ("deep/__init__.py", "", "X = 1\n", True),
        ("unused.py", "1", "2", False),
        ("params.py", "import", "X = 1\nimport", False),
    ],
)
def test_what_changes_the_digest(package: Path, file: str, old: str, new: str, changes: bool):
    before = digest(package)
    path = package / file
    path.write_text(path.read_text().replace(old, new, 1))
    assert (digest(package) != before) is changes


def test_a_missing_module_is_an_error(package: Path):
    with pytest.raises(FileNotFoundError, match=r"package\.nothing"):
        provenance.code_digest(["package.nothing"], package)


def test_a_learner_is_in_its_own_runs_only():
    files = provenance.module_files(["metascore.stages.train", "metascore.learners.maml"])
    assert "metascore.learners.maml" in files
    assert "metascore.learners.protonet" not in files
    assert provenance.stage_code("train", "maml") != provenance.stage_code("train", "protonet")


def test_no_stage_names_a_learner():
    learners = {f"metascore.learners.{file}" for file in signatures.learner_files()}
    assert learners
    for stage in ("data", "split", "episodes", "train", "finetune", "aggregate"):
        assert not learners & provenance.module_files([f"metascore.stages.{stage}"]).keys()
