"""Modules read from top to bottom: none imports from one below it, and no learner from another."""

import ast
import re
from pathlib import Path

import pytest

import metascore

PACKAGE = Path(metascore.__file__).parent
ORDER = [
    "errors",
    "files",
    "stopping",
    "randomness",
    "workflow_lock",
    "devices",
    "data.archive",
    "data.download",
    "data.omniglot",
    "data.glyphs",
    "splits",
    "episodes",
    "signatures",
    "layers",
    "params_schema",
    "params",
    "recipes",
    "provenance",
    "workflow_forecast",
    "workflow_outputs",
    "problems",
    "convolution",
    "episode_kernels",
    "fast_encoder",
    "networks",
    "adaptation",
    "recording",
    "recurrent",
    "learners.base",
    "learners",
    "evaluation",
    "meta_training",
    "intervals",
    "comparisons",
    "scores",
    "estimates",
    "changes",
    "published",
    "tables",
    "cells",
    "documents",
    "controls",
    "scales",
    "drawing",
    "figures",
    "reproduction",
    "report.learner_pages",
    "report.interactive",
    "report.page",
    "stages",
    "cli",
    "__main__",
]


def modules() -> dict[str, Path]:
    files = (path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in files}


def imported(path: Path) -> set[str]:
    """The package's modules that a file imports, without the package's name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name.removeprefix("metascore.") for name in found} & set(modules())


def place(module: str) -> int:
    """The place of a module, or of the folder that it is in, in the order."""
    return ORDER.index(module if module in ORDER else module.rsplit(".", 1)[0])


@pytest.mark.parametrize("module", modules())
def test_imports_go_downstream_only(module):
    for other in imported(modules()[module]):
        together = module not in ORDER and other not in ORDER and place(other) == place(module)
        assert together or place(other) < place(module), f"{module} imports {other}"


@pytest.mark.parametrize("module", [name for name in modules() if name.startswith("learners.")])
def test_learners_import_the_contract_only(module):
    allowed = {"learners.base", "convolution", "networks", "problems", "adaptation", "recurrent"}
    assert imported(modules()[module]) <= allowed


def test_only_stages_and_the_command_line_touch_files():
    pure = (
        "episodes",
        "problems",
        "convolution",
        "episode_kernels",
        "fast_encoder",
        "networks",
        "learners.",
        "meta_training",
        "evaluation",
        "scores",
        "tables",
    )
    for name, path in modules().items():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"import pickle|allow_pickle=True|torch\.(save|load)\(", text), name
        if name.startswith(pure):
            assert "open(" not in text and "Path(" not in text, name
