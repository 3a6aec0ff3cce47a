"""params.yaml: what is impossible is one line that names the key; recipes are resolved in the documented order."""

import copy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from metascore.config import params
from metascore.config.params import Run
from metascore.errors import UsageError

SMALL = """
budget: tiny
data: {sources: [glyphs], glyphs_seed: 0}
split: {name: random, seed: 0, train: 40, validation: 10, test: 10, file: null}
episodes: {seed: 0, rotate: [train], grid: true}
tasks:
  images: {problem: omniglot, way: 5, shot: 1, query: 5}
  many: {problem: omniglot, way: 10, shot: 1, query: 5}
  waves: {problem: sine, shot: 5, query: 10}
learners:
  chance: {}
  protonet: {width: 64, training: {iterations: 100, meta_lr: 0.5, way: 20}}
  maml:
    width: 64
    inner_lr: 1.0
    train_steps: 1
    test_steps: 3
    training: {iterations: 100, meta_batch: 4}
    for:
      omniglot: {inner_lr: 2.0, test_steps: 4}
      many: {inner_lr: 3.0, training: {meta_batch: 8}}
  first: {learner: maml, width: 64, inner_lr: 1.0, train_steps: 1, test_steps: 3, first_order: true}
budgets:
  tiny:
    tasks: [images, many, waves]
    seeds: [0, 1]
    episodes: {train: 8, validation: 4, test: 6}
    learners:
      all: {width: 8, first_order: false, training: {meta_batch: 2, way: 6}}
      maml: {test_steps: 5, for: {many: {width: 9}}}
  other:
    tasks: [waves]
    seeds: [3]
    episodes: {train: 8, validation: 4, test: 6}
    learners: {}
"""

COUNTS = {"train": 8, "validation": 4, "test": 6}
DELETE = "(deleted)"
MALFORMED: list[tuple[str, Any, str]] = [
    ("budget", DELETE, "budget"),
    ("budget", 3, "budget"),
    ("budget", "huge", "budget: 'huge'"),
    ("colour", "red", "colour"),
    ("data", DELETE, "data"),
    ("data.sources", [], "data.sources"),
    ("data.sources", ["ftp"], "data.sources.0"),
    ("data.sources", ["glyphs", "glyphs"], "data.sources"),
    ("data.glyphs_seed", -1, "data.glyphs_seed"),
    ("data.glyphs_seed", "zero", "data.glyphs_seed"),
    ("split.name", "alphabetical", "split.name"),
    ("split.train", 0, "split.train"),
    ("split.train", 1.5, "split.train"),
    ("split.seed", None, "split.seed"),
    ("split.validation", 9, "split.validation"),
    ("split.validation", DELETE, "validation"),
    ("split.folder", "lists", "folder"),
    ("episodes.rotate", ["all"], "episodes.rotate.0"),
    ("episodes.rotate", True, "episodes.rotate"),
    ("episodes.grid", "yes please", "episodes.grid"),
    ("episodes.seed", 2**32, "episodes.seed"),
    ("tasks.images.problem", "chess", "tasks.images.problem"),
    ("tasks.images.way", 1, "tasks.images.way"),
    ("tasks.images.way", DELETE, "way"),
    ("tasks.images.way", 11, "11 characters"),
    ("tasks.images.way", "five", "tasks.images.way"),
    ("tasks.images.shot", 0, "tasks.images.shot"),
    ("tasks.images.shot", 16, "shot + query = 21"),
    ("tasks.images.query", 20, "shot + query = 21"),
    ("tasks.images.ways", 5, "tasks.images"),
    ("tasks.waves.way", 5, "tasks.waves"),
    ("tasks.Images", {"problem": "sine", "shot": 1, "query": 1}, "Images"),
    ("learners", [], "learners"),
    ("learners.unheard_of", {}, "learners.unheard_of"),
    ("learners.first.learner", "unheard_of", "learners.first"),
    ("learners.maml.learner", "../maml", "learners.maml.learner"),
    ("learners.maml.inner_rate", 1.0, "learners.maml.inner_rate"),
    ("learners.maml.inner_lr", DELETE, "learners.maml.inner_lr"),
    ("learners.maml.train_steps", -1, "learners.maml.train_steps"),
    ("learners.maml.train_steps", 1.5, "learners.maml.train_steps"),
    ("learners.maml.inner_lr", "fast", "learners.maml.inner_lr"),
    ("learners.protonet.downsample", "average", "learners.protonet.downsample"),
    ("budgets.tiny.learners.first", {"first_order": 1}, "learners.first.first_order"),
    ("learners.maml.training.epochs", 3, "learners.maml.training"),
    ("learners.maml.training.optimiser", "lbfgs", "learners.maml.training.optimiser"),
    ("learners.maml.training.meta_lr", 0, "learners.maml.training.meta_lr"),
    ("learners.maml.training.meta_lr", 1e38, "learners.maml.training.meta_lr"),
    ("learners.maml.training.meta_lr", float("nan"), "learners.maml.training.meta_lr"),
    ("learners.maml.training.iterations", -1, "learners.maml.training.iterations"),
    ("learners.maml.training.meta_batch", True, "learners.maml.training.meta_batch"),
    ("learners.maml.training.clip_norm", "none", "learners.maml.training.clip_norm"),
    ("learners.maml.training.query", 20, "shot + query = 21"),
    ("learners.maml.inner_lr", float("inf"), "learners.maml.inner_lr"),
    ("learners.maml.for.chess", {}, "learners.maml.for"),
    ("learners.maml.for.many.learner", "protonet", "learners.maml.for.many"),
    ("learners.maml.for.many.inner_rate", 1, "learners.maml.inner_rate"),
    ("budgets.tiny.tasks", ["chess"], "budgets.tiny.tasks"),
    ("budgets.tiny.tasks", [], "budgets.tiny.tasks"),
    ("budgets.other.tasks", ["chess"], "budgets.other.tasks"),
    ("budgets.tiny.seeds", [0, 0], "budgets.tiny.seeds"),
    ("budgets.tiny.seeds", [0.5], "budgets.tiny.seeds.0"),
    ("budgets.tiny.episodes.test", 0, "budgets.tiny.episodes.test"),
    ("budgets.tiny.learners.unheard_of", {}, "budgets.tiny.learners"),
    ("budgets.tiny.learners.all.training.way", 41, "41 characters"),
    ("budgets.tiny.learners.maml.for.chess", {}, "budgets.tiny.learners.maml.for"),
    ("budgets.tiny.speed", 1, "budgets.tiny"),
]


def changed(path: str, value: Any) -> dict[str, Any]:
    """SMALL with the value of one key replaced, added or deleted."""
    values = yaml.safe_load(SMALL)
    *places, key = path.split(".")
    section = values
    for place in places:
        section = section.setdefault(place, {})
    if value is DELETE:
        del section[key]
    else:
        section[key] = value
    return values


def test_the_small_one_is_valid():
    assert params.validated(yaml.safe_load(SMALL)).budget == "tiny"


@pytest.mark.parametrize(("path", "value", "named"), MALFORMED, ids=lambda item: str(item)[:30])
def test_what_is_malformed_is_one_line_that_names_the_key(path, value, named):
    with pytest.raises(UsageError) as error:
        params.validated(changed(path, value))
    assert "\n" not in str(error.value)
    assert named in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"- 1", b"a: [", b"\xff\xfe\xfa", b"budget: {", b"1", b"&a [*a]", b"? {a: b}"]
)
def test_a_file_that_is_no_configuration_is_one_line(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        params.load(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)


def test_a_missing_file_and_an_unknown_budget_are_usage_errors(root, tmp_path):
    with pytest.raises(UsageError, match="--params"):
        params.load(tmp_path / "params.yaml")
    with pytest.raises(UsageError, match="'huge' is not defined"):
        params.load(root / "params.yaml", "huge")


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 30),
    st.sampled_from([2**70, float("nan"), float("inf"), 1e300, "", "maml", "images", "2026-01-01"]),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.one_of(st.integers(), st.text(max_size=3), st.lists(st.none(), max_size=1)), max_size=3),
    st.dictionaries(
        st.one_of(st.text(max_size=5), st.integers(), st.sampled_from(["training", "for"])), st.none(), max_size=2
    ),
)


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The path of every item in a nest of dictionaries and lists."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in pairs for place in ((*path, key), *places(item, (*path, key)))]


@cache
def real_file(root: Path) -> dict[str, Any]:
    return yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))


@settings(max_examples=40)
@given(st.data())
def test_no_change_of_the_real_file_ends_in_a_traceback(root, data):
    values = copy.deepcopy(real_file(root))
    for _ in range(data.draw(st.integers(1, 2))):
        *path, key = data.draw(st.sampled_from(places(values)))
        section = values
        for place in path:
            section = section[place]
        match data.draw(st.sampled_from(["replace", "delete", "add"])):
            case "replace":
                section[key] = data.draw(VALUES)
            case "delete":
                del section[key]
            case "add" if isinstance(section, dict):
                section[data.draw(st.one_of(st.text(max_size=4), st.integers(0, 3)))] = data.draw(VALUES)
    try:
        config = params.validated(values, data.draw(st.sampled_from(["smoke", "quick", "paper"])))
    except UsageError as error:
        message = str(error)
    else:
        message = ""
        assert config.episode_files()
        assert all(config.recipe(run.task, run.learner) for run in config.runs())
    assert "\n" not in message


@pytest.mark.parametrize("budget", ["smoke", "quick", "paper"])
def test_every_budget_of_the_real_file_is_valid(root, budget):
    config = params.load(root / "params.yaml", budget)
    assert config.runs() and config.episode_files()


def small(budget: str | None = None, **changes: Any) -> params.Config:
    return params.validated(yaml.safe_load(SMALL) | changes, budget)


def test_recipes_are_laid_over_each_other_in_order():
    recipes = {task: small().recipe(task, "maml") for task in ("images", "many", "waves")}
    assert {task: recipe["hyper_parameters"] for task, recipe in recipes.items()} == {
        "images": {"width": 8, "inner_lr": 2.0, "train_steps": 1, "test_steps": 5},
        "many": {"width": 9, "inner_lr": 3.0, "train_steps": 1, "test_steps": 5},
        "waves": {"width": 8, "inner_lr": 1.0, "train_steps": 1, "test_steps": 5},
    }
    assert recipes["images"]["training"] == {"iterations": 100, "meta_batch": 2}


def test_all_changes_only_what_an_entry_states():
    config = small()
    assert config.recipe("images", "chance") == {"learner": "chance", "hyper_parameters": {}, "training": {}}
    assert config.recipe("images", "protonet")["training"] == {"iterations": 100, "meta_lr": 0.5, "way": 6}
    assert config.recipe("images", "first") == {
        "learner": "maml",
        "hyper_parameters": {"width": 8, "inner_lr": 1.0, "train_steps": 1, "test_steps": 3, "first_order": False},
        "training": {},
    }


def test_resolving_a_recipe_does_not_change_the_parameters():
    values = yaml.safe_load(SMALL)
    before, config = copy.deepcopy(values), params.validated(values)
    recipe = config.recipe("many", "maml")
    recipe["hyper_parameters"]["width"] = recipe["training"]["iterations"] = -1
    assert values == before


def test_runs_leave_out_what_a_learner_cannot_do():
    assert Run("waves", "maml", 1) in small().runs() and Run("images", "protonet", 0) in small().runs()
    assert Run("waves", "protonet", 0) not in small().runs()
    assert {run.seed for run in small("other").runs()} == {3}


@pytest.mark.parametrize("place", ["learners.maml.for.waves", "budgets.tiny.learners.maml.for.many"])
def test_runs_leave_out_what_a_for_sets_to_null(place):
    values = yaml.safe_load(SMALL)
    *sections, task = place.split(".")
    section = values
    for name in sections:
        section = section[name]
    section[task] = None
    config = params.validated(values)
    left_out = {run.task for run in small().runs()} - {run.task for run in config.runs() if run.learner == "maml"}
    assert left_out == {task}
    assert config.recipe("images", "maml") == small().recipe("images", "maml")


def test_counts_are_those_of_the_problem_where_it_has_its_own():
    values = yaml.safe_load(SMALL)
    values["budgets"]["tiny"]["episodes"]["for"] = {"sine": {"test": 60}}
    config = params.validated(values)
    counts = [config.count(problem, part) for problem in ("omniglot", "sine") for part in ("validation", "test")]
    assert counts == [4, 6, 4, 60]


def test_episode_files_are_those_of_the_runs():
    assert set(small().episode_files()) == {
        *(f"omniglot/{part}-{way}w1s5q-{count}.npy" for part, count in COUNTS.items() for way in (5, 10)),
        "omniglot/train-6w1s5q-8.npy",
        *(f"sine/{part}-5s10q-{count}.npy" for part, count in COUNTS.items()),
    }


def test_reading_parameters_does_not_wait_for_torch(root):
    command = "import sys, metascore.config.params as p; p.load('params.yaml'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize("key", [1, True, None, 2.5])
def test_a_key_that_is_no_word_is_one_line(key):
    with pytest.raises(UsageError, match=f"{key!r}.*: keys are words" if key is not None else "keys are words"):
        params.validated({"budget": "smoke", "learners": {key: {}}})
