"""One training may serve several tasks, by the budget, and several entries, by these themselves."""

from typing import Any

import pytest
from small_configuration import configured, values

from metascore.config.params import Config, Run
from metascore.errors import UsageError


def serving(rows: dict[str, str | None], learners: tuple[str, ...] = ("chance", "protonet", "maml", "first")) -> Config:
    """The small configuration, with `many` evaluated with trainings on other tasks."""
    params, budgets = values()
    params["learners"] = {name: params["learners"][name] for name in learners}
    budgets["tiny"]["learners"].pop("" if "maml" in learners else "maml", None)
    budgets["tiny"]["trained_on"] = {"many": rows}
    budgets["other"]["tasks"] = ["images"]
    return configured(params, budgets)


def test_a_named_learner_is_trained_once():
    config = serving({"protonet": "images"})
    assert config.training_of(Run("many", "protonet", 1)) == Run("images", "protonet", 1)
    assert config.training_of(Run("many", "maml", 1)) == Run("many", "maml", 1)
    assert {*config.runs()} - {*config.trainings()} == {Run("many", "protonet", seed) for seed in (0, 1)}
    assert config.recipe("many", "protonet") == config.recipe("images", "protonet")
    assert config.training_files("many", "protonet") == config.training_files("images", "protonet")


def test_all_but_those_that_say_otherwise_are_trained_once():
    config = serving({"all": "images", "maml": None, "first": None})
    assert set(config.shares_training) == {("many", "chance"), ("many", "protonet")}
    assert config.recipe("many", "maml").hyper_parameters["width"] == 9


def test_training_episodes_of_a_task_that_nobody_trains_on_are_not_drawn():
    names = serving({"all": "images"}, ("chance", "protonet")).episode_files()
    assert not [name for name in names if "10w" in name and not name.startswith("omniglot/test")]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"protonet": "nowhere"}, "many.protonet: 'nowhere': should be 'images', 'many' or 'waves'"),
        (
            {"protonets": "images"},
            "many.protonets: 'protonets': should be 'all', 'chance', 'protonet', 'maml' or 'first'",
        ),
        (
            {"maml": "images"},
            "many: maml, trained with 5 ways, cannot be evaluated with 10",
        ),
        ({"chance": "waves"}, "many: waves is not a task of this budget with the same data and split: delete it"),
    ],
)
def test_a_training_that_cannot_be_shared_is_named(rows, message):
    with pytest.raises(UsageError, match=rf"params/tiny\.yaml, line \d+: trained_on\.{message}"):
        serving(rows)


def test_each_seed_has_a_training():
    params, budgets = values()
    budgets["tiny"] |= {"fewer_seeds": {"many": 1}, "trained_on": {"images": {"protonet": "many"}}}
    with pytest.raises(UsageError, match="no training on many for each of its seeds"):
        configured(params, budgets)


def paired(rows: dict[str, Any]) -> Config:
    """With an entry that is MAML's but for the steps at test, and what budget tiny says of it."""
    params, budgets = values()
    params["learners"]["second"] = {"like": "maml", "trained_as": "maml", "test_steps": 7}
    budgets["tiny"]["learners"] |= {"second": rows}
    budgets["tiny"]["learners"]["maml"] = {"inner_lr": 0.3}
    return configured(params, budgets)


def test_entries_that_differ_in_prediction_only_are_trained_once():
    config = paired({"inner_lr": 0.3})
    assert config.training_of(Run("waves", "second", 1)) == Run("waves", "maml", 1)
    assert not [run for run in config.trainings() if run.learner == "second"]
    steps = [config.recipe("waves", learner).hyper_parameters["test_steps"] for learner in ("maml", "second")]
    assert steps == [3, 7]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({}, "learners.second.inner_lr: on images it differs from that of maml, which trains for both: state the same"),
        ({"inner_lr": 0.3, "training": {"meta_batch": 5}}, "learners.second.training: on images it differs"),
    ],
)
def test_a_budget_does_not_make_them_train_otherwise(rows, said):
    with pytest.raises(UsageError, match=said):
        paired(rows)


def test_who_is_trained_as_nobody_of_a_task_is_trained():
    params, budgets = values()
    params["learners"]["second"] = {"like": "maml", "trained_as": "maml"}
    budgets["tiny"]["learners"]["maml"] = None
    assert configured(params, budgets).training_of(Run("waves", "second", 1)) == Run("waves", "second", 1)
