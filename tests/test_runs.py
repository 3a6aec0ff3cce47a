"""What training and evaluating write, skip and refuse; and trainings that serve two tasks or two learners."""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from small_project import write_data, write_params

from metascore.cli import main
from metascore.config import loading
from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_json, sha256, write_json
from metascore.stages import aggregate, episodes, finetune, split, train
from metascore.store import run_key
from metascore.store.paths import Results

TRAINED, SERVED = "omniglot_5w1s", "omniglot_20w1s"
SHORT = {"iterations": 1, "validations": 1}
REPTILE = {"width": 4, "inner_lr": 0.01, "train_updates": 2, "train_batch": 5, "updates_per_step": 1, "test_batch": 5}
LEARNERS: dict[str, dict[str, Any]] = {
    "chance": {},
    "protonet": {"width": 4, "training": {"iterations": 4, "meta_batch": 2, "validations": 2}},
    "reptile": {
        **REPTILE,
        "test_steps": 2,
        "transductive": False,
        "for": {SERVED: None},
        "training": SHORT | {"optimiser": "sgd", "meta_lr": 1.0, "shot": 2, "query": 1},
    },
    "reptile_transductive": {"like": "reptile", "trained_as": "reptile", "transductive": True},
}
PROTONET = [Run(TRAINED, "protonet", 0)]
RECORD, CURVE = (Path(f"results/smoke/runs/{TRAINED}/protonet/0") / name for name in ("run.json", "training.csv"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on one task and evaluated on two."""
    place = tmp_path_factory.mktemp("runs") / "project"
    place.mkdir()
    write_params(place, LEARNERS, (TRAINED, SERVED))
    with (place / "params/smoke.yaml").open("a") as budget:
        budget.write(f"trained_on: {{{SERVED}: {{all: {TRAINED}}}}}\n")
    write_data(place)
    with contextlib.chdir(place):
        config = loading.load()
        split.run(config, "random")
        for file in config.episode_files():
            episodes.run(config, file)
        for run in config.trainings():
            train.run(config, [run])
        for run in config.runs():
            finetune.run(config, [run])
    return place


@pytest.fixture
def config(made: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The configuration, in the folder of the runs."""
    monkeypatch.chdir(made)
    return loading.load()


@pytest.fixture
def own(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of one's own; it is the current folder."""
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def state() -> dict[str, str]:
    """The digests of all runs."""
    return {str(path): sha256(path) for path in Path("results/smoke").rglob("*.*") if path.is_file()}


def test_a_seed_with_its_key_is_neither_trained_nor_evaluated_again(config):
    before = state()
    train.run(config, PROTONET)
    finetune.run(config, PROTONET)
    assert state() == before


def change_rate(config: Config) -> None:
    config.params["learners"]["protonet"]["training"]["meta_lr"] = 0.5


def change_episodes(config: Config) -> None:
    path = Path("data/episodes/omniglot/train-5w1s5q-64.npy")
    np.save(path, np.load(path)[::-1])


def forget_the_key(config: Config) -> None:
    record = read_json(RECORD)
    record.pop("key")
    write_json(RECORD, record)


@pytest.mark.parametrize("change", [change_rate, change_episodes, forget_the_key])
@pytest.mark.usefixtures("own")
def test_a_seed_with_another_key_is_trained_again(change: Callable[[Config], None]):
    config, before = loading.load(), state()
    change(config)
    train.run(config, PROTONET)
    assert state()[str(RECORD)] != before[str(RECORD)]
    assert (
        run_key.difference(run_key.stored_training_key(Results.of(config), *PROTONET), read_json(RECORD)["key"]) is None
    )


def test_the_metadata_of_a_checkpoint_are_as_long_as_published_ones(config):
    """Their length decides the alignment of mapped tensors, which decides the last bits of scores."""
    key = run_key.training_key(config, *PROTONET)
    metadata = train.metadata_of(config, PROTONET[0], key)
    assert metadata.keys() == {"task", "learner", "seed", "recipe", "problem", "key", "inputs", "device", "torch"}
    assert len(metadata["key"]) == 64 and all(len(digest) == 64 for digest in metadata["inputs"].values())


@pytest.mark.usefixtures("own")
def test_a_seed_that_finished_in_a_failed_job_is_not_trained_twice(monkeypatch, caplog):
    """Snakemake puts the former files back where a job fails."""
    config, jobs = loading.load(), [*PROTONET, replace(PROTONET[0], seed=1)]
    change_rate(config)
    former = RECORD.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(train, "_train", failing_from(jobs[1], train._train))
        with pytest.raises(UserError, match="no space"):
            train.run(config, jobs)
    RECORD.write_bytes(former)
    with caplog.at_level("INFO"):
        train.run(config, jobs)
    assert "omniglot_5w1s/protonet/0: going on from iteration 4" in caplog.messages
    assert not list(Path(".rolling").rglob("snapshot.safetensors"))


def failing_from(job: Run, train_one: Callable[..., Any]) -> Callable[..., Any]:
    """A training that fails for one job."""

    def train_or_fail(results: Results, one: Run, *others: Any) -> Any:
        if one == job:
            raise UserError("no space")
        return train_one(results, one, *others)

    return train_or_fail


@pytest.mark.usefixtures("own")
def test_a_checkpoint_of_another_recipe_is_refused():
    config = loading.load()
    change_rate(config)
    with pytest.raises(UserError, match=r"recipe\.training\.meta_lr: 0\.001 -> 0\.5.*run `metascore train` again"):
        finetune.run(config, PROTONET)


@pytest.mark.parametrize("is_finished, rows", [(False, [1, 2]), (True, [2, 2])], ids=["new", "finished before"])
@pytest.mark.usefixtures("own")
def test_training_csv_grows_where_no_finished_run_has_one(monkeypatch, is_finished, rows):
    if is_finished:
        forget_the_key(loading.load())
    else:
        RECORD.unlink()
        CURVE.unlink()
    seen: list[int] = []
    monkeypatch.setattr(train.Progress, "show", lambda *_: seen.append(len(CURVE.read_text().splitlines()) - 1))
    train.run(loading.load(), PROTONET)
    assert seen == rows


def test_nothing_is_trained_for_a_task_that_uses_another_ones_training(config):
    results = Results.of(config)
    assert [path.name for path in results.runs.iterdir()] == [TRAINED]
    assert results.checkpoint(Run(SERVED, "protonet", 0)) == results.checkpoint(Run(TRAINED, "protonet", 0))


def test_it_is_evaluated_on_its_own_episodes_and_ways(config):
    results = Results.of(config)
    own, other = (read_json(results.evaluation_record(Run(task, "protonet", 0))) for task in (SERVED, TRAINED))
    assert [name for name in own["key"]["inputs"] if "20w1s" in name and "test" in name]
    assert own["axes"]["examples"] == 20 and other["axes"]["examples"] == 5
    assert np.load(results.score(Run(SERVED, "chance", 0))) == pytest.approx(1 / 20)


def test_the_training_that_is_used_is_named(made, monkeypatch, capsys):
    monkeypatch.chdir(made)
    assert main(["train", "--task", SERVED, "--learner", "protonet"]) == 2
    assert "omniglot_20w1s/protonet: uses the training of omniglot_5w1s/protonet" in capsys.readouterr().err


@pytest.mark.usefixtures("no_drawings")
def test_tables_name_the_task_that_was_trained_on(config, made):
    aggregate.run(config, results=made / "results/smoke")
    folder = made / "results/smoke"
    scores = pd.read_csv(folder / "tables/scores.csv")
    assert set(scores["trained_on"]) == {TRAINED}
    assert scores.loc[(scores["task"] == SERVED) & (scores["learner"] == "protonet"), "examples"].item() == 20
    assert set(pd.read_csv(folder / "tables/learning.csv")["task"]) == {TRAINED}


def test_paired_learners_predict_each_in_its_own_way_by_one_training(config):
    results, runs = Results.of(config), [Run(TRAINED, name, 0) for name in ("reptile", "reptile_transductive")]
    assert len({results.checkpoint(run) for run in runs}) == 1
    record = read_json(results.evaluation_record(runs[1]))
    assert record["key"]["recipe"]["hyper_parameters"]["transductive"]
    assert record["axes"]["batch_norm"] == "transductive"
    assert not np.array_equal(*(np.load(results.score(run)) for run in runs))


def test_paired_learners_would_train_the_same_tensors(own):
    """What `trained_as` declares: seen by training the other one too."""
    file = own / "params.yaml"
    params = yaml.safe_load(file.read_text())
    del params["learners"]["reptile_transductive"]["trained_as"]
    file.write_text(yaml.safe_dump(params, sort_keys=False))
    config, runs = loading.load(), [Run(TRAINED, name, 0) for name in ("reptile", "reptile_transductive")]
    train.run(config, runs[1:])
    results = Results.of(config)
    one, other = (run_key.digests.of_tensors(results.checkpoint(run)) for run in runs)
    assert one == other
