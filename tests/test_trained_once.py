"""One training that serves two tasks: nothing is trained twice, and every table and check knows which it was."""

import contextlib
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from small_project import write_data, write_params

from metascore.cli import main
from metascore.config import loading
from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_json
from metascore.stages import aggregate, episodes, finetune, split, submit, train, verify, vouch
from metascore.store.paths import Results

TRAINED, SERVED = "omniglot_5w1s", "omniglot_20w1s"
SERVES = f"trained_on: {{{SERVED}: {{all: {TRAINED}}}}}\n"
LEARNERS: dict[str, dict[str, Any]] = {
    "chance": {},
    "pixel_knn": {},
    "protonet": {"width": 4, "training": {"iterations": 4, "meta_batch": 2, "validations": 2}},
    "anil": {
        "width": 4,
        "inner_lr": 0.4,
        "train_steps": 1,
        "test_steps": 1,
        "training": {"iterations": 1, "validations": 1},
    },
}
TWIN = {"like": "reptile", "trained_as": "reptile", "transductive": True}
REPTILE: dict[str, Any] = {
    "width": 4,
    "inner_lr": 0.01,
    "train_updates": 2,
    "train_batch": 5,
    "updates_per_step": 1,
    "test_batch": 5,
}
REPTILE |= {"test_steps": 2, "transductive": False, "for": {SERVED: None}}
REPTILE |= {"training": {"iterations": 2, "optimiser": "sgd", "meta_lr": 1.0, "validations": 1, "shot": 2, "query": 1}}
LEARNERS |= {"reptile": REPTILE, "twin": TWIN}
FEW = ("chance", "pixel_knn", "protonet", "reptile", "twin")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on one task and judged on two; ANIL's last layer is of five classes, so it is trained only."""
    place = tmp_path_factory.mktemp("once") / "project"
    place.mkdir()
    write_params(place, LEARNERS, (TRAINED, SERVED))
    smoke = place / "params/smoke.yaml"
    smoke.write_text(smoke.read_text() + SERVES)
    write_data(place)
    with contextlib.chdir(place):
        made = loading.load("params.yaml")
        split.run(made, "random")
        for file in made.episode_files():
            episodes.run(made, file)
        for run in made.trainings():
            train.run(made, run)
        for run in made.runs():
            if run.learner in FEW:
                finetune.run(made, run)
    return place


@pytest.fixture
def config(project: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Of the learners that can do both tasks with what they learned on one."""
    monkeypatch.chdir(project)
    return loading.load("params.yaml").without((task, "anil") for task in (TRAINED, SERVED))


def test_nothing_is_trained_for_the_task_that_is_served(config):
    results = Results.of(config)
    assert [path.name for path in results.runs.iterdir()] == [TRAINED]
    assert results.checkpoint(Run(SERVED, "protonet", 0)) == results.checkpoint(Run(TRAINED, "protonet", 0))


def test_it_is_judged_on_its_own_episodes_and_ways(config):
    results = Results.of(config)
    own, other = (read_json(results.evaluation_record(Run(task, "protonet", 0))) for task in (SERVED, TRAINED))
    assert [name for name in own["inputs"] if "20w1s" in name and "test" in name]
    assert own["axes"]["examples"] == 20
    assert "axes" not in other
    assert np.load(results.score(Run(SERVED, "chance", 0))) == pytest.approx(1 / 20)


def test_what_cannot_serve_is_said_in_a_line(project, monkeypatch):
    monkeypatch.chdir(project)
    with pytest.raises(UserError, match=r"omniglot_20w1s/anil: what omniglot_5w1s/anil learned is of another form"):
        finetune.run(loading.load("params.yaml"), Run(SERVED, "anil", 0))


def test_who_asks_for_such_a_training_is_told_which_it_is(project, monkeypatch, capsys):
    monkeypatch.chdir(project)
    assert main(["train", "--task", SERVED, "--learner", "protonet", "--seed", "0"]) == 2
    said = capsys.readouterr().err
    assert "omniglot_20w1s/protonet: is judged with what omniglot_5w1s/protonet learned: train that one" in said


@pytest.mark.usefixtures("no_drawings")
def test_tables_name_the_task_that_was_trained_on(config, project):
    aggregate.run(config, results=project / "results/smoke")
    folder = project / "results/smoke/partial"
    scores = pd.read_csv(folder / "tables/scores.csv")
    assert set(scores["trained_on"]) == {TRAINED}
    assert scores.loc[(scores["task"] == SERVED) & (scores["learner"] == "protonet"), "examples"].item() == 20
    assert set(pd.read_csv(folder / "tables/learning.csv")["task"]) == {TRAINED}
    text = (folder / "tables/scores.md").read_text()
    assert "trained on" not in text.partition("20-way")[0].partition("## ")[2]
    assert "| omniglot_5w1s |" in text.partition("20-way")[2]


def test_vouching_knows_it(config, caplog):
    caplog.set_level(logging.INFO)
    vouch.run(config)
    assert caplog.messages[-1] == "smoke: 8 up to date"


def test_twins_are_judged_each_in_its_own_way_with_one_training(config):
    results, runs = Results.of(config), [Run(TRAINED, name, 0) for name in ("reptile", "twin")]
    assert len({results.checkpoint(run) for run in runs}) == 1
    judged = read_json(results.evaluation_record(runs[1]))
    assert judged["recipe"]["hyper_parameters"]["transductive"]
    assert judged["axes"]["batch_norm"] == "transductive"
    assert not np.array_equal(*(np.load(results.score(run)) for run in runs))


def test_reptiles_entries_train_the_same_tensors(config, project):
    """What `trained_as` declares: seen by training the other one, as if it was not paired."""
    files = (project / "params.yaml").read_text()
    try:
        (project / "params.yaml").write_text(files.replace("    trained_as: reptile\n", ""))
        alone, job = loading.load("params.yaml"), Run(TRAINED, "twin", 0)
        train.run(alone, job)
        records = [read_json(Results.of(one).record(job))["fingerprints"] for one in (config, alone)]
    finally:
        (project / "params.yaml").write_text(files)
    assert list(records[0]) == ["0", "1", "2"]
    assert [one["tensors"] for one in records[0].values()] == [one["tensors"] for one in records[1].values()]


def test_so_do_bundles(config, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    submit.run(config, "protonet", "MIT", "Ada", tmp_path / "protonet.zip")
    verify.run(config, tmp_path / "protonet.zip")
    assert [line for line in caplog.messages if "verified: 2 runs of protonet" in line]
