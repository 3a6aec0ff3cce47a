"""A new figure or table is one file: put there, it is drawn, written, on the page and among the workflow's outputs."""

import os
import shutil
import subprocess
import sys

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


def test_a_new_figure_and_a_new_table_are_written_shown_and_expected_by_the_workflow(tmp_path, root):
    shutil.copytree(root / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (tmp_path / "src/metascore/report/figures/toy.py").write_text(FIGURE)
    (tmp_path / "src/metascore/report/tables/toy_numbers.py").write_text(TABLE)
    environment = os.environ | {"PYTHONPATH": f"src{os.pathsep}{root / 'tests'}"}
    command = (sys.executable, "-c", AGGREGATE)
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    results = tmp_path / "results/tiny"
    assert {path.name for path in (results / "figures").iterdir()} == {"toy.png"}
    assert {path.suffix for path in (results / "tables").glob("toy_numbers.*")} == {".csv", ".md"}
    assert "Count them yourself." in (results / "tables/toy_numbers.md").read_text()
    page = (results / "report.html").read_text()
    assert page.count("<figcaption>A dot, and nothing else.") == 2  # of each task
    assert "<h3>A toy&#39;s numbers</h3>" in page
    assert "results/tiny/figures/toy.png: A dot, and nothing else." in done.stdout
    assert "results/tiny/tables/toy_numbers.md: How many rows there are." in done.stdout
