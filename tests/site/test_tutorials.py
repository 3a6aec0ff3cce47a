"""Tutorials run as they stand, assertions and all, and are the same in both languages."""

import ast
import subprocess
import sys
from pathlib import Path

import notebooks
import pytest

TUTORIALS = Path(__file__).parents[2] / "docs/tutorials"
NAMES = sorted(path.name for path in (TUTORIALS / "en").glob("*.py"))


def code(path: Path) -> list[str]:
    """Each code cell as a syntax tree, with its texts left out: those are translated."""
    trees = [ast.parse(text) for kind, text in notebooks.cells(path) if kind == "code"]
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return [ast.dump(tree) for tree in trees]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_tutorial_runs(name, tmp_path, root):
    words = (sys.executable, notebooks.__file__, str(TUTORIALS / "en" / name), str(tmp_path / "figures"))
    done = subprocess.run(words, cwd=root, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 'title="output"' in done.stdout and any((tmp_path / "figures").iterdir())


def test_both_languages_have_the_same_tutorials():
    assert sorted(path.name for path in (TUTORIALS / "zh").glob("*.py")) == NAMES and NAMES


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_run_the_same_code(name):
    assert code(TUTORIALS / "en" / name) == code(TUTORIALS / "zh" / name)


def test_a_cell_shows_what_it_prints_and_its_last_value():
    assert notebooks.run("print(1)\n2 + 3", {}, "cell") == "1\n5\n"
    assert notebooks.run("x = 1\nNone", {}, "cell") == ""
