"""How long a workflow may take, by hand."""

import json

import pytest

from metascore.config.loading import load
from metascore.config.params import Run
from metascore.orchestration import forecast


@pytest.fixture
def config(root, tmp_path, monkeypatch):
    """The project's own parameters at budget smoke, in a folder where nothing was timed."""
    chosen = load(root / "params.yaml", "smoke")
    monkeypatch.chdir(tmp_path)
    return chosen


def test_what_was_never_timed_is_rough(config):
    """6 iterations of 2 episodes, 0.01 s each, and 4 s of starting and fine-tuning."""
    runs = [Run("omniglot_5w1s", "maml", seed) for seed in range(10)]
    assert forecast.forecast(config, runs, cores=2) == (
        "10 runs to train: about 21 s on 2 cores; 10 were never timed here, so this is rough"
    )


def test_what_was_timed_takes_as_long_again(config, tmp_path):
    """12 episodes at 0.1 a second are 120 s, and 4 s beside; one run can't be divided among cores."""
    record = tmp_path / "results/smoke/runs/omniglot_5w1s/maml/3/run.json"
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"tasks_per_second": 0.1}))
    said = forecast.forecast(config, [Run("omniglot_5w1s", "maml", 0)], cores=2)
    assert said == "1 runs to train: about 2 min on 2 cores, as timed here before"


def test_what_the_budget_gives_a_time_takes_that(root, config):
    """35 s of training and 4 s beside, on two cores."""
    quick = load(root / "params.yaml", "quick")
    said = forecast.forecast(quick, [Run("omniglot_5w1s", "maml", seed) for seed in range(2)], cores=2)
    assert said == "2 runs to train: about 39 s on 2 cores, as the budget has it"
