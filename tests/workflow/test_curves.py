"""Learning curves that `dvc plots` shows while runs train."""

import csv
import json
from pathlib import Path

import pytest
from temporary_project import Project, copy_project

from metascore.config.loading import load
from metascore.config.params import Run
from metascore.files import write_rows
from metascore.orchestration.curves import Curves
from metascore.store.paths import TRAINING_COLUMNS, Results

MAML, PROTONET = (Run("omniglot_5w1s", learner, 0) for learner in ("maml", "protonet"))
SHOW = ("dvc", "plots", "show", "-t", "curves", "-x", "iteration", "-y", "validation", "results/smoke/training.csv")
ROWS = "iteration,tasks,seconds,loss,validation\\n20,40,2.0,0.5,0.75\\n"


def trained(run: Run, *scores: float) -> None:
    """As much as a run has of its training.csv, after validations with these scores."""
    rows = [
        dict(zip(TRAINING_COLUMNS, (10 * k, 20 * k, 1.0, 0.5, score), strict=True)) for k, score in enumerate(scores)
    ]
    write_rows(Results(Path("results/smoke")).training(run), TRAINING_COLUMNS, rows)


def shown(curves: Curves) -> list[tuple[str, str, str]]:
    with curves.table.open(newline="") as file:
        return [(row["learner"], row["iteration"], row["validation"]) for row in csv.DictReader(file)]


@pytest.fixture
def curves(root, tmp_path, monkeypatch) -> Curves:
    """Of the project's own runs at budget smoke, in a folder where nothing was done."""
    chosen = load(root / "params.yaml", "smoke")
    monkeypatch.chdir(tmp_path)
    return Curves(chosen)


def test_the_table_grows_with_the_runs(curves):
    curves.update()
    assert not curves.table.exists()
    trained(MAML, 0.2)
    curves.update()
    assert shown(curves) == [("maml", "0", "0.2")]
    trained(PROTONET, 0.3)
    trained(MAML, 0.2, 0.4)
    curves.update()
    assert sorted(shown(curves)) == [("maml", "0", "0.2"), ("maml", "10", "0.4"), ("protonet", "0", "0.3")]


def test_nothing_is_written_where_nothing_has_changed(curves):
    trained(MAML, 0.2)
    curves.update()
    curves.table.unlink()
    curves.update()
    assert not curves.table.exists()


def test_a_table_that_cannot_be_written_stops_nobody(curves):
    trained(MAML, 0.2)
    curves.table.mkdir()
    curves.update()


def test_a_workflow_keeps_it_and_git_does_not(project: Project):
    project.append("src/metascore/stages/train.py", f"    Path(folder, 'training.csv').write_text('{ROWS}')\n")
    project.call("git", "init", "--quiet")
    project.call("snakemake", "--cores", "2")
    lines = (project.path / "results/smoke/training.csv").read_text().splitlines()
    assert lines[0].startswith("task,learner,seed,iteration") and "omniglot_5w1s,maml,0,20,40,2.0,0.5,0.75" in lines
    assert "training.csv" not in project.call("git", "status", "--porcelain", "--untracked-files=all")


def test_dvc_shows_it(curves, tmp_path):
    project = copy_project(tmp_path / "project")
    project.call("git", "init", "--quiet")
    trained(MAML, 0.2, 0.4)
    curves.update()
    (project.path / "results/smoke").mkdir(parents=True)
    curves.table.rename(project.path / "results/smoke/training.csv")
    (plot,) = json.loads(project.call(*SHOW, "--json"))["data"].values()
    assert [row["validation"] for row in plot[0]["content"]["data"]["values"]] == ["0.2", "0.4"]
