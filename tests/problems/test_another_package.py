"""A kind of problem of another package: a module, an entry point and a task in params.yaml, and no other file."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from small_project import WHOLE_WORKFLOW

from metascore.files import read_json

ROOT = Path(__file__).parents[2]
TASK, LEARNERS = "planes_8s", ("chance", "maml", "transfer")  # of which each does any problem
MODULE = '''
"""Planes over a square: y = a . x, with both slopes uniform on [-1, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from metascore.problems.examples import Episode, Episodes, Examples
from metascore.problems.supervised import Regression
from metascore.randomness import numpy_generator


@dataclass(frozen=True, kw_only=True)
class Planes(Regression):
    name: ClassVar[str] = "planes"
    chunk_size: ClassVar[int] = 50
    seconds_per_task: ClassVar[float] = 0.0002

    steepness: float = 1.0

    @property
    def example(self):
        return (2,)

    @property
    def outputs(self):
        return 1

    def draw(self, part, count, settings, sources):
        random = numpy_generator(settings["seed"], "episodes", self.stream(part))
        rows = np.zeros(count, self.row)
        rows["slopes"] = self.steepness * random.uniform(-1, 1, (count, 2))
        rows["x"] = random.uniform(-1, 1, (count, self.shot + self.query, 2))
        return rows

    @property
    def row(self):
        return np.dtype([("slopes", "<f4", (2,)), ("x", "<f4", (self.shot + self.query, 2))])

    def possible(self, rows):
        return bool(np.isfinite(rows["slopes"]).all() and np.isfinite(rows["x"]).all())

    def episodes(self, rows, material):
        return Given(rows, self.shot, material)

    def blind(self, x):
        return x.new_zeros(len(x), 1)

    def title(self, synthetic):
        return f"Planes, {self.shot}-shot"

    def data(self, synthetic):
        return "planes"


class Given(Episodes):
    def __init__(self, rows, shot, device):
        self.rows, self.shot, self.device = rows, shot, device

    def __len__(self):
        return len(self.rows)

    def batch(self, index):
        import torch

        rows = self.rows[index]
        y = np.einsum("epk,ek->ep", rows["x"], rows["slopes"])[..., None]
        x, y = (torch.from_numpy(value.copy()).to(self.device) for value in (rows["x"], y))
        none = torch.zeros(x.shape[:2], dtype=torch.int64, device=self.device)
        parts = (slice(None, self.shot), slice(self.shot, None))
        return Episode(*(Examples(x[:, part], y[:, part], none[:, part]) for part in parts))
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with params.yaml and another with the package."""
    place, packages = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("packages")
    (packages / "flat_world").mkdir()
    (packages / "flat_world/__init__.py").touch()
    (packages / "flat_world/planes.py").write_text(MODULE)
    information = packages / "flat_world-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: flat-world\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[metascore.problems]\nplanes = flat_world.planes\n")
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["tasks"][TASK] = {"problem": "planes", "shot": 8, "query": 10, "steepness": 2.0}
    params["learners"] = {name: params["learners"][name] for name in LEARNERS}
    params["budget"] = "smoke"
    (place / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    smoke = yaml.safe_load((ROOT / "params/smoke.yaml").read_text()) | {"tasks": [TASK]}
    smoke["learners"] = {name: own for name, own in smoke["learners"].items() if name in ("all", *LEARNERS)}
    (place / "params").mkdir()
    (place / "params/smoke.yaml").write_text(yaml.safe_dump(smoke, sort_keys=False))
    return place, packages


def call(project, *command, status=0):
    """What a command says."""
    place, packages = project
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(packages)])}
    done = subprocess.run(
        command, cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def test_it_comes_to_the_table(project):
    place, _ = project
    call(project, sys.executable, "-c", WHOLE_WORKFLOW)
    table = pd.read_csv(place / "results/smoke/tables/scores.csv").set_index("learner")
    assert set(table.index) == set(LEARNERS) and set(table["task"]) == {TASK}
    assert table.loc["chance", "metascore"] == pytest.approx(0, abs=1e-9)
    assert "Planes, 8-shot" in (place / "results/smoke/report.html").read_text()
    key = read_json(place / f"results/smoke/scores/{TASK}/maml/0.json")["key"]
    assert "data/episodes/planes/test-8s10q-32.npy" in key["inputs"]


CODE = """
from metascore.config.loading import load
from metascore.config.params import Run
from metascore.store import run_key

print(*(run_key.training_key(load(), Run(task, "maml", 0)).get("problem") for task in ("planes_8s", "sine_5s")))
"""


def test_its_jobs_depend_on_its_code_and_those_of_other_kinds_do_not(project):
    place, packages = project
    before = (place / "params/smoke.yaml").read_text()
    smoke = yaml.safe_load(before) | {"tasks": [TASK, "sine_5s"]}
    (place / "params/smoke.yaml").write_text(yaml.safe_dump(smoke, sort_keys=False))
    file = packages / "flat_world/planes.py"
    own, other = call(project, sys.executable, "-c", CODE).split()
    file.write_text(MODULE.replace("uniform(-1, 1, (count, 2))", "uniform(-2, 2, (count, 2))"))
    changed, unchanged = call(project, sys.executable, "-c", CODE).split()
    assert changed != own and unchanged == other
    file.write_text(MODULE + "\n# a comment\n")
    assert call(project, sys.executable, "-c", CODE).split() == [own, other]
    (place / "params/smoke.yaml").write_text(before)


OFFER = "planes = flat_world.planes\n"
OFFERS = {  # what else an entry point may say, and what comes of it
    "other = flat_world.planes\n": "tasks.planes_8s.problem: 'planes' is unknown: one of images, navigation, ",
    OFFER + "[console_scripts]\nplanes = flat_world.planes\n": "",
    OFFER + "sine = flat_world.planes\n": "'sine' is offered more than once (metascore.problems.sine, flat_",
    "planes = flat_world.cones\n": "flat_world.cones: cannot be imported (ModuleNotFoundError",
}
MODULES = {  # what else a module may say
    MODULE + "import nothing_of_the_kind\n": "cannot be imported (ModuleNotFoundError: No module named 'nothing_of",
    MODULE.replace('= "planes"', '= "plains"'): "must define one problem, with `name` 'planes': it defines Planes",
    MODULE.replace("def blind", "def blond"): "it defines Planes (blind missing)",
    "": "it defines none",
}


@pytest.mark.parametrize("offer", OFFERS, ids=range(len(OFFERS)))
def test_a_wrong_offer_is_one_line(project, offer):
    points = project[1] / "flat_world-1.0.dist-info/entry_points.txt"
    points.write_text("[metascore.problems]\n" + offer)
    refused(project, OFFERS[offer])
    points.write_text("[metascore.problems]\n" + OFFER)


@pytest.mark.parametrize("module", MODULES, ids=range(len(MODULES)))
def test_a_wrong_module_is_one_line(project, module):
    file = project[1] / "flat_world/planes.py"
    file.write_text(module)
    refused(project, MODULES[module])
    file.write_text(MODULE)


def refused(project, complaint):
    """Reading params.yaml ends in this line, or well where there is nothing to complain of."""
    say = "from metascore import cli; import sys; sys.exit(cli.main(['episodes', '--file', 'none']))"
    said = call(project, sys.executable, "-c", say, status=2)
    assert said.count("\n") == 1 and "Traceback" not in said
    assert (complaint or "not needed by budget smoke") in said


@pytest.mark.parametrize(
    "key, value, complaint",
    [
        ("way", 3, "tasks.planes_8s"),
        ("shot", 0, "tasks.planes_8s.shot"),
        ("steepness", "very", "tasks.planes_8s.steepness"),
        ("depth", 1, "unknown: one of query, shot, steepness"),
    ],
)
def test_its_fields_are_the_keys_of_a_task(project, key, value, complaint):
    path = project[0] / "params.yaml"
    before = path.read_text()
    params = yaml.safe_load(before)
    params["tasks"][TASK][key] = value
    path.write_text(yaml.safe_dump(params, sort_keys=False))
    refused(project, complaint)
    path.write_text(before)
