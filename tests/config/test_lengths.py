"""How long trainings are: a budget of equal seconds has measured iterations, and says so where they are missing."""

from copy import deepcopy

import pytest
from small_configuration import configured, values

from metascore.errors import UsageError

ROWS = {"images": {"protonet": 7, "maml": 8, "first": 9}, "many": {"protonet": 1, "maml": 2, "first": 3}}
ROWS |= {"waves": {"maml": 4, "first": 5}}


def with_seconds(seconds=30, rows=ROWS, budget="tiny", training=None):
    params, budgets = values()
    del budgets["tiny"]["learners"]["all"]["training"]["iterations"]
    budgets["tiny"] |= {"seconds": seconds, "iterations": rows}
    if training is not None:
        budgets["tiny"]["learners"]["maml"]["training"] = training
    return configured(params, budgets, budget)


def test_measured_iterations_are_a_recipe_s():
    config = with_seconds()
    assert {pair: config.recipe(*pair).training.iterations for pair in config.pairs() if pair[1] != "chance"} == {
        (task, learner): count for task, rows in ROWS.items() for learner, count in rows.items()
    }
    assert config.stated("images", "maml")["training.iterations"].key == ("iterations", "images", "maml")


def test_a_twin_has_the_iterations_of_the_other():
    params, budgets = values()
    params["learners"]["second"] = {"like": "first", "paired_with": "first"}
    del budgets["tiny"]["learners"]["all"]["training"]["iterations"]
    budgets["tiny"] |= {"seconds": 30, "iterations": deepcopy(ROWS)}
    assert configured(params, budgets, "tiny").recipe("many", "second").training.iterations == 3
    budgets["tiny"]["iterations"]["many"]["second"] = 5
    with pytest.raises(UsageError, match=r"iterations\.many\.second: it is paired with first"):
        configured(params, budgets, "tiny")


def test_seconds_are_for_all_tasks_or_by_problem_and_task():
    assert with_seconds(30).seconds("many") == 30
    config = with_seconds({"omniglot": 40, "many": 50, "sine": 10})
    assert [config.seconds(task) for task in ("images", "many", "waves")] == [40, 50, 10]


@pytest.mark.parametrize(
    ("change", "culprit", "cure"),
    [
        ({"rows": ROWS | {"waves": {"maml": 4}}}, "iterations.waves.first", "metascore calibrate first --budget tiny"),
        ({"rows": ROWS | {"chess": {}}}, "iterations.chess", "delete it"),
        ({"rows": ROWS | {"waves": {"nobody": 3}}}, "iterations.waves.nobody", "delete it"),
        ({"seconds": {"omniglot": 40}}, "seconds: says nothing of waves", "add it"),
        ({"seconds": 0}, "seconds", ""),
        ({"training": {"iterations": 9}}, "learners.maml.training.iterations", "delete it"),
    ],
)
def test_what_is_missing_or_stated_twice_is_one_line(change, culprit, cure):
    with pytest.raises(UsageError) as error:
        with_seconds(**change)
    assert str(error.value).startswith("params/tiny.yaml") and culprit in str(error.value) and cure in str(error.value)


def test_a_budget_that_is_not_chosen_may_miss_a_measurement():
    """Who adds a learner measures it for the budgets that they run."""
    assert with_seconds(rows={}, budget="other").budget == "other"
