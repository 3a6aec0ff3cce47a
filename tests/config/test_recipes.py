"""Recipes: the documented order, and what a budget's `all` applies to."""

import pytest
from small_configuration import DELETE, changed, configured, small, values

from metascore.config.params import Run
from metascore.config.recipe import Recipe, Training


def test_sections_are_laid_over_each_other_in_order():
    recipes = {task: small().recipe(task, "maml") for task in ("images", "many", "waves")}
    own = {"downsample": "max_pool", "train_steps": 1, "test_steps": 5, "first_order": False}
    assert {task: recipe.hyper_parameters for task, recipe in recipes.items()} == {
        "images": own | {"width": 8, "inner_lr": 2.0},
        "many": own | {"width": 9, "inner_lr": 3.0},
        "waves": own | {"width": 8, "inner_lr": 1.0},
    }
    assert recipes["images"].training == Training(iterations=6, meta_batch=2, schedule="cosine")


def test_all_applies_to_whoever_has_such_a_number_whatever_the_entry_states():
    assert small().recipe("images", "chance") == Recipe("chance", {}, Training())
    protonet = small().recipe("images", "protonet")
    assert protonet.hyper_parameters["downsample"] == "max_pool"
    assert protonet.training == Training(iterations=6, meta_batch=2, meta_lr=0.5, schedule="cosine", way=6)
    assert changed("learners.maml.training.meta_batch", DELETE).recipe("images", "maml").training.meta_batch == 2


def test_a_variant_is_like_another_but_for_what_it_states():
    """Its own numbers win over those that the other's `for` has."""
    maml, first = small("other").recipe("waves", "maml"), small("other").recipe("waves", "first")
    assert first.learner == "maml" and first.training == maml.training
    assert first.hyper_parameters == maml.hyper_parameters | {"first_order": True, "inner_lr": 0.5}
    assert small().recipe("many", "first").hyper_parameters["inner_lr"] == 0.5
    third = changed("learners.third", {"like": "first", "test_steps": 9}, "other").recipe("waves", "third")
    assert third.hyper_parameters == first.hyper_parameters | {"test_steps": 9}


def test_rows_of_a_budget_are_for_one_entry_and_not_for_those_like_it():
    assert small().recipe("images", "first").hyper_parameters["test_steps"] == 4


def test_an_entry_may_say_whose_seeds_are_its_own():
    """Which is no number of its recipe, and not that of an entry like it."""
    params, budgets = values()
    del budgets["tiny"]["learners"]["maml"]
    before = configured(params, budgets).recipe("images", "first")
    params["learners"]["first"]["trained_as"] = "maml"
    paired = configured(params, budgets)
    assert paired.recipe("images", "first") == before
    assert [paired.entries[name].trained_as for name in ("maml", "first")] == [None, "maml"]


def test_every_number_has_the_place_that_states_it():
    stated = small().stated("many", "maml")
    found = {name: (one.document.file, ".".join(one.key)) for name, one in stated.items()}
    assert found["width"] == ("params/tiny.yaml", "learners.maml.for.many.width")
    assert found["downsample"] == ("params/tiny.yaml", "learners.all.downsample")
    assert found["inner_lr"] == ("params.yaml", "learners.maml.for.many.inner_lr")
    assert found["training.meta_batch"] == ("params/tiny.yaml", "learners.all.training.meta_batch")
    assert found["first_order"] == ("src/metascore/learners/maml.py", "first_order")
    assert found["training.clip_norm"] == ("src/metascore/config/recipe.py", "training.clip_norm")


def test_resolving_a_recipe_does_not_change_the_parameters():
    config = small()
    before = config.recipe("many", "maml")
    before.hyper_parameters["width"] = -1
    assert config.recipe("many", "maml").hyper_parameters["width"] == 9


def test_runs_leave_out_what_a_learner_cannot_do():
    assert Run("waves", "maml", 1) in small().runs() and Run("images", "protonet", 0) in small().runs()
    assert Run("waves", "protonet", 0) not in small().runs()
    assert {run.seed for run in small("other").runs()} == {3}


@pytest.mark.parametrize("place", ["learners.maml.for.waves", "tiny: learners.maml.for.many", "learners.maml.for.sine"])
def test_runs_leave_out_what_a_for_sets_to_null(place):
    config = changed(place, None)
    left_out = {run.task for run in small().runs()} - {run.task for run in config.runs() if run.learner == "maml"}
    assert left_out == {"many" if place.endswith("many") else "waves"}
    assert config.recipe("images", "maml") == small().recipe("images", "maml")


def test_a_variant_is_left_out_where_the_other_is():
    assert Run("waves", "first", 0) not in changed("learners.maml.for.sine", None).runs()


def test_a_row_of_null_leaves_a_learner_out_of_a_budget():
    config = changed("tiny: learners.first", None)
    assert {run.learner for run in small().runs()} - {run.learner for run in config.runs()} == {"first"}
    assert Run("waves", "first", 3) in changed("tiny: learners.first", None, "other").runs()


def test_counts_are_those_of_the_problem_where_it_has_its_own():
    config = changed("tiny: episodes.for", {"sine": {"test": 60}})
    assert [config.test_file(task).count for task in ("images", "waves")] == [6, 60]
    assert config.training_files("waves", "maml")[1].count == 4


def test_episode_files_are_those_of_the_runs():
    counts = {"train": 8, "validation": 4, "test": 6}
    assert set(small().episode_files()) == {
        *(f"omniglot/{part}-{way}w1s5q-{count}.npy" for part, count in counts.items() for way in (5, 10)),
        "omniglot/train-6w1s5q-8.npy",
        *(f"sine/{part}-5s10q-{count}.npy" for part, count in counts.items()),
    }
