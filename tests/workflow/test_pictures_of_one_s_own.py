"""A project with pictures of its own: nothing else is fetched, and DVC keeps what is made of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from temporary_project import Project

from metascore.config import loading
from metascore.orchestration.jobs import Jobs

FLOWERS = {"kind": "folder", "path": "pictures/flowers", "size": 28, "channels": 3}
TASK = {"problem": "images", "data_set": "flowers", "way": 2, "shot": 1, "query": 1}
ARRAYS = "Pictures flowers as arrays"


@pytest.fixture
def jobs(root: Path) -> Jobs:
    """The jobs of a budget whose one task has pictures of one's own."""
    config = loading.load(root / "params.yaml", "smoke")
    config.params["data"]["flowers"] = FLOWERS
    config.params["tasks"]["flowers_2w1s"] = TASK
    config.of_budget.values["tasks"] = ["flowers_2w1s"]
    return Jobs(replace(config))


def test_neither_omniglot_nor_its_split_is_made_where_no_task_has_it(jobs: Jobs):
    made = jobs.data()
    assert jobs.pictures("flowers")[0] in made and jobs.splits() == ["data/splits/flowers/class.json"]
    assert [file for file in made if "omniglot" in file or "random" in file] == []


def test_omniglot_is_fetched_for_a_task_that_has_it(root: Path):
    jobs = Jobs(loading.load(root / "params.yaml", "quick"))
    assert {*jobs.of_omniglot(), "data/splits/random.json"} < {*jobs.data()}


@pytest.fixture
def own(tracked: Project) -> Project:
    """The tracked project, whose one task has nine classes of one's own, before its first run."""
    for number in range(9):
        for k in range(3):
            draw(tracked, f"class{number}/{k}.png", 3 * number + k)
    for file, path, value in (
        ("params.yaml", "data.flowers", FLOWERS),
        ("params.yaml", "tasks.flowers_2w1s", TASK),
        ("params/smoke.yaml", "tasks", ["flowers_2w1s"]),
    ):
        tracked.set_parameter(path, value, file)
    for place in ("data", "results", ".snakemake", "logs"):
        tracked.call("rm", "-rf", place)
    return tracked


def draw(project: Project, name: str, seed: int) -> None:
    path = project.path / "pictures/flowers" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (28, 28, 3), dtype=np.uint8)).save(path)


@pytest.mark.slow
def test_dvc_keeps_pictures_and_sees_new_ones_and_fetches_nothing(own: Project):
    ran = own.ran("dvc", "repro", "--quiet")
    assert {ARRAYS, "Meta-training flowers_2w1s/maml"} < ran and "Omniglot, verified, as arrays" not in ran
    assert own.planned() == set() and "up to date" in own.call("dvc", "status")
    lock = yaml.safe_load((own.path / "dvc.lock").read_text())["stages"]
    made = {out["path"]: out["nfiles"] for out in lock["data"]["outs"]}
    assert made["data/pictures"] == 3 and made["data/omniglot"] == 0
    assert not [*(own.path / "data/omniglot").iterdir()]

    draw(own, "class0/new.png", 100)
    assert "pictures" in own.call("dvc", "status", "data")
    assert {ARRAYS, "Meta-training flowers_2w1s/maml"} < own.ran("dvc", "repro", "--quiet")
    assert own.planned() == set() and "up to date" in own.call("dvc", "status")
