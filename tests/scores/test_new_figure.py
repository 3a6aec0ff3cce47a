"""A new figure or table is one file: put there, it is drawn, written, on the page and among the workflow's outputs."""

import os
import shutil
import subprocess
import sys

import pytest

FIGURE = '''
"""Figure `toy`: a dot."""

from matplotlib.figure import Figure

from metascore.report.numbers import Numbers

PLACE = 0
CAPTION = "A dot, and nothing else."


def draw(numbers: Numbers, task: str) -> Figure:
    """The figure."""
    figure = Figure(figsize=(1, 1))
    figure.add_subplot().plot([0], [0], "o")
    return figure
'''
TABLE = '''
"""Table `toy_numbers`: how many there are."""

import pandas as pd

from metascore.report.documents import Section
from metascore.report.numbers import Numbers

PLACE = 9
CAPTION = "How many rows there are."
TITLE = "A toy's numbers"
READING = "Count them yourself."


def rows(numbers: Numbers) -> pd.DataFrame:
    """One row."""
    return pd.DataFrame({"rows": [len(numbers.scores)]})


def sections(numbers: Numbers) -> list[Section]:
    """The same as text."""
    return [Section("All tasks", rows(numbers).astype(str))]
'''
AGGREGATE = """
from pathlib import Path

import fake_results

from metascore.orchestration.jobs import Jobs
from metascore.report import drawing
from metascore.stages import aggregate

every = drawing.all_figures
drawing.all_figures = lambda: [one for one in every() if one.__name__.endswith(".toy")]
chosen = fake_results.config()
fake_results.write(Path(), chosen)
aggregate.run(chosen)
print(*(f"{one.file}: {one.caption}" for one in Jobs(chosen).shown_report()), sep="\\n")
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory, root):
    """The folder and words of a copy of the package, with a toy of each, that aggregates invented results."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(root / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (folder / "src/metascore/report/figures/toy.py").write_text(FIGURE)
    (folder / "src/metascore/report/tables/toy_numbers.py").write_text(TABLE)
    environment = os.environ | {"PYTHONPATH": f"src{os.pathsep}{root / 'tests'}"}
    command = (sys.executable, "-c", AGGREGATE)
    done = subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "results/tiny", done.stdout


def test_a_figure_is_drawn_and_stands_first_on_the_page(finished):
    folder, said = finished
    assert {path.name for path in (folder / "figures").iterdir()} == {"toy.png"}
    assert (folder / "report.html").read_text().count("<figcaption>A dot, and nothing else.") == 2  # a task each
    assert "results/tiny/figures/toy.png: A dot, and nothing else." in said


def test_a_table_is_a_document_too_and_stands_on_the_page(finished):
    folder, said = finished
    assert {path.suffix for path in (folder / "tables").glob("toy_numbers.*")} == {".csv", ".md"}
    assert "Count them yourself." in (folder / "tables/toy_numbers.md").read_text()
    assert "<h3>A toy&#39;s numbers</h3>" in (folder / "report.html").read_text()
    assert "results/tiny/tables/toy_numbers.md: How many rows there are." in said
