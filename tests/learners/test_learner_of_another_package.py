"""A learner of another package: begun by one command, installed by pip, and in every way like one of learners/."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import small_project
import temporary_project
import yaml
from temporary_project import ROOT, Project

NAME, TWIN = "ridge", "r2d2"  # the same code, here and there
PACKAGE = "metascore_ridge"
METASCORE = ("python", "-m", "metascore")
IDEA = "Ridge regression, from a package of its own."


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    """The project with a few learners, and one that pip has installed elsewhere."""
    place = tmp_path_factory.mktemp("place")
    project = temporary_project.copy_project(place / "project")
    temporary_project.keep_learners(project, "chance", "maml", TWIN)
    source, packages = place / "source", place / "packages"
    said = project.call(*METASCORE, "new-learner", NAME, "--package", str(source))
    assert f"pip install --editable {source}" in said
    code = source / "src" / PACKAGE
    shutil.copy(ROOT / f"src/metascore/learners/{TWIN}.py", code / f"{NAME}.py")
    (code / f"{NAME}.md").write_text(f"# Ridge\n\n{IDEA}\n\n## Departures from the paper\n\n- None.\n")
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(packages))
    subprocess.run((sys.executable, "-m", "pip", "install", *options, str(source)), check=True)
    for file in ("params.yaml", "params/smoke.yaml"):
        entry = yaml.safe_load((project.path / file).read_text())["learners"][TWIN]
        project.set_parameter(f"learners.{NAME}", entry, file)
    return Project(project.path, {"PYTHONPATH": f"src:{packages}"})


@pytest.fixture
def module(project):
    """Its module where pip has put it, as it was afterwards."""
    file = project.path.parent / "packages" / PACKAGE / f"{NAME}.py"
    before = file.read_text()
    yield file
    file.write_text(before)


@pytest.mark.slow
def test_it_is_checked_like_any_other(project):
    assert f"{NAME} on omniglot_5w1s: all" in project.call(*METASCORE, "check", NAME)


@pytest.mark.slow
def test_its_faults_are_named_with_its_own_file_and_line(project, module):
    module.write_text(module.read_text().replace("x.new_ones(len(x), 1)", "torch.ones(len(x), 1)"))
    said = project.call(*METASCORE, "check", NAME, status=1)
    line = 1 + module.read_text()[: module.read_text().index("torch.ones")].count("\n")
    assert f"{module}, line {line}: " in said and f"correct {module}" in said


def test_it_comes_to_the_table_with_the_bits_of_its_twin(project):
    small_project.write_data(project.path)
    project.call("python", "-c", small_project.WHOLE_WORKFLOW)
    scores = [np.load(project.path / f"results/smoke/scores/omniglot_5w1s/{name}/0.npy") for name in (NAME, TWIN)]
    assert np.array_equal(*scores)
    metascores = pd.read_csv(project.path / "results/smoke/tables/scores.csv").set_index("learner")["metascore"]
    assert metascores[NAME] == metascores[TWIN] != metascores["chance"]
    assert IDEA in (project.path / "results/smoke/report.html").read_text()


def test_only_its_own_runs_depend_on_its_code(project, module):
    before, text = digests(project), module.read_text()
    module.write_text(text.replace("n * penalty", "2 * n * penalty"))
    changed = digests(project)
    assert changed[NAME] != before[NAME] and changed | {NAME: before[NAME]} == before
    module.write_text(text + "\n# a comment\n")
    assert digests(project) == before


DIGESTS = """
from metascore.config.loading import load
from metascore.config.params import Run
from metascore.store import run_key

for learner in ("chance", "maml", "r2d2", "ridge"):
    print(learner, run_key.training_key(load(), Run("omniglot_5w1s", learner, 0))["learner"])
import sys
assert "torch" not in sys.modules and "metascore_ridge" not in sys.modules
"""


def digests(project: Project) -> dict[str, str]:
    """Of the code that a run of each learner depends on."""
    return dict(line.split() for line in project.call("python", "-c", DIGESTS).splitlines())


def test_its_fields_are_the_schema(project, module):
    module.write_text(module.read_text().replace("initial_scale: float = 10.0", "initial_size: float = 10.0"))
    said = project.call(*METASCORE, "check", NAME, status=2)
    assert f"learners.{NAME}.initial_scale: unknown: one of" in said
    assert "initial_size" in said and said.count("\n") == 1


OFFERS = {
    "ridge = metascore_ridge.none\n": "metascore_ridge.none: an entry point names it, and there is no such module",
    "ridge = nowhere.ridge\n": "nowhere: an entry point names it, and there is no such module",
    "other = metascore_ridge.ridge\n": "install its package, or name one of these",
    "ridge = metascore_ridge.ridge\nr2d2 = metascore_ridge.ridge\n": "learners.r2d2: 'r2d2' is offered more than once",
}


@pytest.mark.parametrize("offer", OFFERS, ids=range(len(OFFERS)))
def test_a_wrong_offer_is_one_line(project, offer):
    (points,) = (project.path.parent / "packages").glob("metascore_ridge-*/entry_points.txt")
    before = points.read_text()
    points.write_text(f"[metascore.learners]\n{offer}")
    said = project.call(*METASCORE, "check", NAME, status=2)
    points.write_text(before)
    assert OFFERS[offer] in said and said.count("\n") == 1


def test_nothing_is_begun_over_it(project):
    said = project.call(*METASCORE, "new-learner", NAME, "--package", str(project.path / "again"), status=2)
    assert "entry of this name" in said and not (project.path / "again").exists()
    there = str(project.path.parent / "source")
    assert "exists" in project.call(*METASCORE, "new-learner", "other", "--package", there, status=2)
