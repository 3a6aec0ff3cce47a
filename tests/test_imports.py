"""Rooms read from top to bottom; the contracts stand in pyproject.toml, and import-linter keeps them."""

import ast
import logging.config
import re
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import metascore

PACKAGE = Path(metascore.__file__).parent
PURE = ("problems.", "networks.", "learners.", "training.", "scoring.")
READS_A_TABLE_OF_ITS_OWN = {"scoring.published"}
READS_THE_MACHINE = {"training.machine", "training.devices"}  # the name of its processor, locks of its GPUs


def modules() -> dict[str, Path]:
    files = (path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in files}


def test_imports_keep_the_contracts(root, monkeypatch):
    monkeypatch.chdir(root)
    monkeypatch.setattr(logging.config, "dictConfig", lambda _: None)  # it would silence the loggers of later tests
    assert lint_imports(no_cache=True, verbose=False) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize("module", modules())
def test_imports_are_absolute(module):
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))
    assert not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree))


@pytest.mark.parametrize("module", modules())
def test_nothing_is_pickled_and_pure_rooms_touch_no_files(module):
    text = modules()[module].read_text(encoding="utf-8")
    assert not re.search(r"import pickle|allow_pickle=True|torch\.(save|load)\(", text)
    if module.startswith(PURE) and module not in READS_A_TABLE_OF_ITS_OWN | READS_THE_MACHINE:
        assert "open(" not in text and "Path(" not in text
