"""The measurements for a GPU, rehearsed on a CPU with nothing but what a bare CUDA image has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MISSING = (
    "pydantic",
    "psutil",
    "rich",
    "snakemake",
    "scipy",
    "matplotlib",
    "pooch",
    "dvc",
    "markdown_it",
    "tqdm",
    "itables",
)
REHEARSAL = f"""
import sys
for name in {MISSING!r}:
    sys.modules[name] = None  # an import of it fails
from benchmarks.gpu.__main__ import main
main(sys.argv[1:])
"""


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The resolved recipes; a rehearsal makes its data."""
    folder = tmp_path_factory.mktemp("carried")
    command = (
        f"from pathlib import Path; from benchmarks.gpu import carried; carried.write_recipes(Path({str(folder)!r}))"
    )
    subprocess.run([sys.executable, "-c", command], cwd=ROOT, check=True)
    return folder


@pytest.mark.slow
def test_every_section_runs_to_its_end_without_an_error(carried: Path, tmp_path: Path) -> None:
    options = ["--device", "cpu", "--tiny", "--carried", str(carried), "--out", str(tmp_path), "--minutes", "10"]
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""}
    subprocess.run([sys.executable, "-c", REHEARSAL, *options], cwd=tmp_path, env=environment, check=True)
    rows = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    assert [row for row in rows if "error" in row or "skipped" in row] == []
    assert {row["section"] for row in rows} == {"facts", "learners", "speed", "quick", "sharing", "backbone", "papers"}
    of_learners = [row for row in rows if row["section"] == "learners"]
    assert len({row["learner"] for row in of_learners}) >= 19 and len({row["problem"] for row in of_learners}) == 4
    assert all(row["finite"] and row["same bits"] and row["gradients agree"] for row in of_learners)
    assert "## speed" in (tmp_path / "report.md").read_text()


def test_it_ends_by_itself_and_leaves_what_was_measured(carried: Path, tmp_path: Path) -> None:
    options = ["--device", "cpu", "--tiny", "--carried", str(carried), "--out", str(tmp_path), "--minutes", "0.1"]
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""}
    subprocess.run([sys.executable, "-c", REHEARSAL, *options], cwd=tmp_path, env=environment, check=True, timeout=60)
    assert '"fact": "torch"' in (tmp_path / "results.jsonl").read_text()
