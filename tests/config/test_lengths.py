"""How long trainings are: a budget of equal seconds has measured iterations; runs without a length are left out."""

from copy import deepcopy

import pytest
from small_configuration import DELETE, changed, configured, values

ROWS = {"images": {"protonet": 7, "maml": 8, "first": 9}, "many": {"protonet": 1, "maml": 2, "first": 3}}
ROWS |= {"waves": {"maml": 4, "first": 5}}


def with_seconds(rows=ROWS, seconds=30, lengths=True, **learners):
    params, budgets = values()
    params["learners"] |= learners
    del budgets["tiny"]["learners"]["all"]["training"]["iterations"]
    budgets["tiny"] |= {"seconds": seconds, "iterations": deepcopy(rows)}
    return configured(params, budgets, "tiny", lengths)


def test_measured_iterations_are_a_recipe_s():
    config = with_seconds()
    assert {pair: config.recipe(*pair).training.iterations for pair in config.pairs() if pair[1] != "chance"} == {
        (task, learner): count for task, rows in ROWS.items() for learner, count in rows.items()
    }
    assert config.stated("images", "maml")["training.iterations"].key == ("iterations", "images", "maml")


def test_an_entry_that_is_trained_as_another_has_its_iterations():
    assert (
        with_seconds(second={"like": "first", "trained_as": "first"}).recipe("many", "second").training.iterations == 3
    )


def test_seconds_are_for_all_tasks_or_by_problem_and_task():
    assert with_seconds().seconds("many") == 30
    config = with_seconds(seconds={"omniglot": 40, "many": 50, "sine": 10})
    assert [config.seconds(task) for task in ("images", "many", "waves")] == [40, 50, 10]


def test_runs_without_measured_iterations_are_left_out_with_one_line():
    """Also those that are evaluated with such a training."""
    rows = {"waves": ROWS["waves"], "images": {"protonet": 7, "maml": 8}, "many": {"maml": 2}}
    config = with_seconds(rows, third={"like": "first", "trained_as": "first", "test_steps": 9})
    pairs = [("images", "protonet"), ("images", "maml"), ("many", "maml")]
    pairs += [("waves", name) for name in ("maml", "first", "third")]
    assert [pair for pair in config.pairs() if pair[1] != "chance"] == pairs
    assert [line.split(", for")[0] for line in config.warnings()] == [
        "params/tiny.yaml: protonet: runs on many are left out",
        "params/tiny.yaml: first: runs on images, many are left out",
        "params/tiny.yaml: third: runs on images, many are left out",
    ]
    assert config.warnings()[0].endswith("run `metascore calibrate protonet --budget tiny`")
    assert ("many", "protonet") in with_seconds(rows, lengths=False).pairs()


@pytest.mark.parametrize("change", ["learners.maml.training", "other: full_length"])
def test_a_budget_without_seconds_states_iterations_or_has_those_of_the_entries(change):
    config = changed(change, DELETE, "other")
    assert {run.learner for run in config.runs()} == {"chance"}
    assert "maml: runs on waves are left out" in config.warnings()[0]
    assert config.warnings()[0].endswith("state `training: {iterations: N}` in learners.maml")


def test_a_task_with_fewer_seeds_has_the_smallest_ones():
    config = changed("tiny: fewer_seeds", {"many": 1})
    assert (config.seeds_of("images"), config.seeds_of("many")) == ([0, 1], [0])
    assert config.tell_seeds() == "0, 1 (many: 0)"
    assert {run.seed for run in config.runs() if run.task == "many"} == {0}
