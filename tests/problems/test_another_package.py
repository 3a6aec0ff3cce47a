"""A kind of problem of another package: a module, an entry point and a task in params.yaml, and no other file."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from metascore.files import read_json

ROOT = Path(__file__).parents[2]
TASK, LEARNERS = "planes_8s", ("chance", "maml", "transfer")
MODULE = '''
"""Planes over a square: y = a . x, with both slopes uniform on [-1, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from metascore.problems.base import Episode, Episodes, Examples
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
    smoke = params["budgets"]["smoke"] | {"tasks": [TASK]}
    smoke["learners"] = {name: own for name, own in smoke["learners"].items() if name in ("all", *LEARNERS)}
    params["budgets"] = {"smoke": smoke}
    (place / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
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


ALL = """
from metascore.config import params
from metascore.stages import aggregate, episodes, finetune, train

config = params.load()
for file in config.episode_files():
    episodes.run(config, file)
for run in config.runs():
    train.run(config, run)
    finetune.run(config, run)
aggregate.run(config)
"""


def test_it_comes_to_the_table(project):
    place, _ = project
    call(project, sys.executable, "-c", ALL)
    table = pd.read_csv(place / "results/smoke/tables/scores.csv").set_index("learner")
    assert set(table.index) == set(LEARNERS) and set(table["task"]) == {TASK}
    assert table.loc["chance", "metascore"] == pytest.approx(0, abs=1e-9)
    assert "Planes, 8-shot" in (place / "results/smoke/report.html").read_text()
    judged = read_json(place / f"results/smoke/scores/{TASK}/maml/0.json")["inputs"]
    assert list(judged) == ["data/episodes/planes/test-8s10q-32.npy"]
