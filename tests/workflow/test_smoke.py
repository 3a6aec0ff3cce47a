"""The whole workflow at the budget `smoke`, with nothing faked: on Omniglot where a mirror has it, else on glyphs."""

from pathlib import Path

import pytest
from temporary_project import Project, copy_project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project after a whole run at the budget `smoke`."""
    project = copy_project(tmp_path_factory.mktemp("smoke") / "project")
    project.set_parameter("budget", "smoke")
    output = project.call("snakemake", "--cores", "2")
    assert "runs to train: " in output
    return project


def test_smoke_run_makes_every_file_and_has_then_nothing_to_do(smoke: Project):
    assert smoke.planned() == set()
    for name in (
        "metrics.json",
        "tables/scores.csv",
        "tables/scores.md",
        "tables/published.tex",
        "figures/adaptation.png",
        "figures/learning.png",
        "figures/gallery.png",
        "tables/priors.csv",
        "report.html",
    ):
        assert (smoke.path / "results/smoke" / name).stat().st_size > 0


def test_snakemake_s_own_report_has_figures_and_tables(smoke: Project, tmp_path: Path):
    smoke.call("snakemake", "--report", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert all(name in page for name in ("ranking.png", "adaptation.png", "scores.csv", "report.html"))


def test_smoke_run_is_the_same_bits_on_one_core(smoke: Project, tmp_path: Path):
    again = copy_project(tmp_path / "project")
    again.set_parameter("budget", "smoke")
    again.call("snakemake", "--cores", "1")
    compared = [path.relative_to(smoke.path) for path in smoke.path.glob("results/**/*.safetensors")]
    compared += [path.relative_to(smoke.path) for path in smoke.path.glob("results/**/*.npy")]
    compared += [path.relative_to(smoke.path) for path in smoke.path.glob("results/smoke/scores/**/*.npz")]
    assert compared
    for name in [*compared, Path("results/smoke/metrics.json")]:
        assert (smoke.path / name).read_bytes() == (again.path / name).read_bytes(), name


def test_smoke_run_is_what_dvc_records(smoke: Project):
    smoke.call("git", "init", "--quiet")
    assert smoke.ran("dvc", "repro") == set()
    assert "up to date" in smoke.call("dvc", "status")
    assert smoke.planned() == set()
