"""params.yaml and the budgets: what is impossible is one line that names file, line and key."""

import copy
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from small_configuration import DELETE, changed, configured, small, values

from metascore.config.documents import Document, parsed
from metascore.config.loading import load, validated
from metascore.errors import UsageError

MALFORMED: list[tuple[str, Any, str]] = [
    # file and key (params.yaml, where no budget is named), value, what the error says
    ("budget", DELETE, "params.yaml, line 1: budget: missing: add it"),
    ("budget", 3, "params.yaml, line 1: budget: 3: should be a valid string: correct it"),
    ("budget", "huge", "budget: 'huge' is not defined: choose one of other, tiny"),
    ("budget", ["tiny"], "params.yaml, line 1: budget: ['tiny']: should be a valid string"),
    ("colour", "red", "colour: unknown: one of budget, data"),
    ("data", DELETE, "data: missing"),
    ("data.omniglot", DELETE, "data.omniglot: missing"),
    ("data.omniglot.sources", [], "data.omniglot.sources"),
    ("data.omniglot.sources", ["ftp"], "data.omniglot.sources.0: 'ftp': should be 'mirror', 'torchvision' or 'glyphs'"),
    ("data.omniglot.sources", ["glyphs", "glyphs"], "data.omniglot.sources: has a value twice"),
    ("data.omniglot.glyphs_seed", -1, "data.omniglot.glyphs_seed"),
    ("data.omniglot.glyphs_seed", "zero", "data.omniglot.glyphs_seed"),
    ("data.My-Flowers", {}, "data.My-Flowers: not a name: use small letters, digits and _, such as my_flowers"),
    ("data.splits", {}, "data.splits: has another meaning: choose another name"),
    ("data.flowers", {"kind": "folder", "path": "x", "size": 9, "channels": 1}, "data.flowers.size: 9: should be"),
    ("split.name", "alphabetical", "split.name"),
    ("split.train", 0, "split.train"),
    ("split.train", 1.5, "split.train"),
    ("split.seed", None, "split.seed"),
    ("split.validation", 9, "split.validation"),
    ("split.validation", DELETE, "split.validation: missing"),
    ("split.folder", "lists", "split.folder: unknown"),
    ("episodes.rotate", ["all"], "episodes.rotate.0"),
    ("episodes.rotate", True, "episodes.rotate"),
    ("episodes.grid", "yes please", "episodes.grid"),
    ("episodes.seed", 2**32, "episodes.seed"),
    ("tasks.images.problem", "chess", "tasks.images.problem: 'chess' is unknown: one of images"),
    ("tasks.images.problem", DELETE, "tasks.images.problem: '' is unknown"),
    ("tasks.images.way", 1, "tasks.images.way"),
    ("tasks.images.way", DELETE, "tasks.images.way: missing"),
    ("tasks.images.way", 11, "11 characters"),
    ("tasks.images.way", "five", "tasks.images.way"),
    ("tasks.images.shot", 0, "tasks.images.shot"),
    ("tasks.images.shot", 16, "shot + query = 21"),
    ("tasks.images.query", 20, "shot + query = 21"),
    ("tasks.images.ways", 5, "tasks.images.ways: unknown: one of lake_runs"),
    ("tasks.waves.way", 5, "tasks.waves.way: unknown"),
    ("tasks.Images", {"problem": "sine", "shot": 1, "query": 1}, "tasks.Images: not a name"),
    ("learners", [], "learners"),
    ("learners.unheard_of", {}, "learners.unheard_of: 'unheard_of' is unknown: one of"),
    ("learners.all", {}, "learners.all: has another meaning"),
    ("learners.chance", {"learner": "unheard_of"}, "learners.chance: 'unheard_of' is unknown"),
    ("learners.maml.learner", "../maml", "learners.maml.learner: not a name"),
    ("learners.first.like", "second", "'second' is not defined: choose from chance, maml, protonet"),
    ("learners.first.like", "first", "learners.first.like: 'first' is like this one in turn"),
    ("learners.maml.like", "first", "like: 'maml' is like this one in turn"),
    ("learners.first.trained_as", "first", "learners.first.trained_as: 'first' is no other entry of maml.py"),
    ("learners.first.trained_as", "protonet", "'protonet' is no other entry of maml.py: choose from maml"),
    ("learners.maml.for.many.trained_as", "first", "learners.maml.for.many.trained_as: unknown"),
    ("tiny: learners.first.trained_as", "maml", "learners.first.trained_as: unknown"),
    ("learners.maml.inner_rate", 1.0, "learners.maml.inner_rate: unknown: one of downsample"),
    ("learners.maml.inner_lr", DELETE, "learners.maml.inner_lr: missing (for waves): add it"),
    ("learners.maml.train_steps", -1, "learners.maml.train_steps"),
    ("learners.maml.train_steps", 1.5, "learners.maml.train_steps"),
    ("learners.maml.for.omniglot.inner_lr", "fast", "learners.maml.for.omniglot.inner_lr"),
    ("learners.first.inner_lr", float("inf"), "learners.first.inner_lr: inf: should be a finite number"),
    ("tiny: learners.all.downsample", "average", "learners.all.downsample"),
    ("learners.maml.training.epochs", 3, "learners.maml.training.epochs: unknown"),
    ("learners.maml.training.optimiser", "lbfgs", "learners.maml.training.optimiser"),
    ("learners.maml.training.meta_lr", 0, "learners.maml.training.meta_lr"),
    ("learners.maml.training.meta_lr", 1e38, "learners.maml.training.meta_lr"),
    ("learners.maml.training.meta_lr", float("nan"), "learners.maml.training.meta_lr"),
    ("learners.maml.training.iterations", -1, "learners.maml.training.iterations"),
    ("learners.maml.training.meta_batch", True, "learners.maml.training.meta_batch"),
    ("learners.maml.training.clip_norm", "none", "learners.maml.training.clip_norm"),
    ("tiny: learners.all.training.schedule", "halving", "learners.all.training.schedule: halving needs `halve_every`"),
    ("learners.maml.training.query", 20, "shot + query = 21"),
    (
        "learners.maml.training.way",
        6,
        "learners.maml.training.way: maml, trained with 6 ways, cannot be evaluated with",
    ),
    ("learners.maml.for.chess", {}, "learners.maml.for.chess: 'chess': should be 'images', 'many'"),
    ("learners.maml.for.many.like", "protonet", "learners.maml.for.many.like: unknown"),
    ("learners.maml.for.many.for", {}, "learners.maml.for.many.for: unknown"),
    ("learners.maml.for.many.inner_rate", 1, "learners.maml.for.many.inner_rate: unknown"),
    ("learners.maml.for.many.inner_lr", "slow", "learners.maml.for.many.inner_lr: 'slow': should be a valid number"),
    ("tiny: tasks", ["images", "chess"], "params/tiny.yaml, line 3: tasks.1: 'chess': should be 'images', 'many' or"),
    ("tiny: tasks", [], "params/tiny.yaml, line 1: tasks"),
    ("other: tasks", ["chess"], "params/other.yaml, line 3: tasks.0: 'chess'"),
    ("tiny: seeds", [0, 0], "seeds: has a value twice"),
    ("tiny: seeds", [0.5], "seeds.0"),
    ("tiny: fewer_seeds", {"nowhere": 1}, "fewer_seeds.nowhere"),
    ("other: fewer_seeds", {"images": 1}, "fewer_seeds.images: not a task of this budget: delete it"),
    ("tiny: seconds", 0, "seconds: 0: should be greater than 0"),
    ("tiny: seconds", {"chess": 3}, "seconds.chess: 'chess': should be"),
    ("tiny: seconds", {"waves": "long"}, "seconds.waves: 'long': should be a valid number"),
    ("tiny: iterations", {"chess": {}}, "iterations.chess"),
    ("tiny: iterations", {"waves": {"nobody": 3}}, "iterations.waves.nobody"),
    ("tiny: episodes.test", 0, "episodes.test"),
    ("tiny: episodes.for", {"chess": {"test": 1}}, "episodes.for.chess"),
    ("tiny: full_length", "yes", "full_length"),
    ("tiny: speed", 1, "params/tiny.yaml, line 28: speed: unknown"),
    ("tiny: learners.unheard_of", {}, "learners.unheard_of: 'unheard_of': should be 'all', 'chance'"),
    ("other: learners.unheard_of", {}, "params/other.yaml, line 11: learners.unheard_of"),
    ("tiny: learners.all.widht", 16, "params/tiny.yaml, line 20: learners.all.widht: unknown: one of"),
    ("tiny: learners.all.width", "wide", "learners.all.width: 'wide': should be a valid integer"),
    ("tiny: learners.all.width", 8.0, "learners.all.width: 8.0: should be a valid integer"),
    ("tiny: learners.all.training.epochs", 3, "learners.all.training.epochs: unknown"),
    ("tiny: learners.all.for", {"sine": {"training": {"way": 9}}}, "learners.all.for.sine.training.way: sine has none"),
    ("tiny: learners.protonet.training.way", 41, "41 characters"),
    ("tiny: learners.all.for", {"sine": {"downsampel": "stride"}}, "learners.all.for.sine.downsampel: unknown"),
    ("tiny: learners.maml.learner", "protonet", "learners.maml.learner: unknown"),
    ("other: learners.maml", {"innr": 1}, "params/other.yaml, line 12: learners.maml.innr: unknown"),
    ("tiny: learners.maml.for.chess", {}, "learners.maml.for.chess: 'chess': should be"),
    ("tiny: learners.first", {"first_order": 1}, "learners.first.first_order: 1: should be a valid boolean"),
]


BOMB = b"a: &a [1, 1]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (k + 1, k + 1, k, k) for k in range(97, 121))


def test_the_small_one_is_valid():
    assert small().budget == "tiny"


@pytest.mark.parametrize(("path", "value", "said"), MALFORMED, ids=lambda item: str(item)[:40])
def test_what_is_malformed_is_one_line_that_names_the_key(path, value, said):
    with pytest.raises(UsageError) as error:
        changed(path, value)
    assert "\n" not in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"- 1", b"a: [", b"\xff\xfe\xfa", b"budget: {", b"1", b"&a [*a]", b"? {a: b}", BOMB]
)
def test_a_file_that_is_no_configuration_is_one_line(tmp_path, content):
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        load(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)


@pytest.mark.parametrize("content", ["learners: [", "learners: {}", "tasks: [a]\ntasks: [b]\n"])
def test_a_budget_that_is_none_is_named_whichever_is_chosen(root, tmp_path, content):
    shutil.copytree(root / "params", tmp_path / "params")
    shutil.copy(root / "params.yaml", tmp_path)
    (tmp_path / "params/tiny.yaml").write_text(content)
    with pytest.raises(UsageError, match=r"params/tiny\.yaml"):
        load(tmp_path / "params.yaml", "smoke")


@pytest.mark.parametrize("name", [".#quick.yaml", "quick.yaml~", "quick copy.yaml", "#quick.yaml#", "notes.txt"])
def test_what_editors_leave_beside_the_budgets_is_no_budget(root, tmp_path, name):
    shutil.copytree(root / "params", tmp_path / "params")
    shutil.copy(root / "params.yaml", tmp_path)
    (tmp_path / "params" / name).write_text("half")
    assert set(load(tmp_path / "params.yaml").budgets) == {
        "smoke",
        "quick",
        "long",
        "paper",
        "navigation",
        "lake",
        "reference",
        "twice",
    }


def test_a_missing_file_and_an_unknown_budget_are_usage_errors(root, tmp_path):
    with pytest.raises(UsageError, match="--params"):
        load(tmp_path / "params.yaml")
    with pytest.raises(
        UsageError,
        match="choose one of lake, long, navigation, paper, quick, reference, smoke, twice, or write",
    ):
        load(root / "params.yaml", "huge")


@settings(max_examples=20)
@given(st.data())
def test_every_cycle_of_likes_is_one_line_that_names_two_of_it(data):
    """Among entries in any order; others may lead into the cycle, and the budget may run none of it."""
    cycle = data.draw(st.lists(st.sampled_from(["one", "two", "three", "four"]), min_size=1, unique=True))
    likes = dict(zip(cycle, [*cycle[1:], cycle[0]], strict=True)) | {"led": data.draw(st.sampled_from(cycle))}
    params, budgets = values()
    entries = params["learners"] | {name: {"like": before} for name, before in likes.items()}
    params["learners"] = {name: entries[name] for name in data.draw(st.permutations(list(entries)))}
    with pytest.raises(UsageError, match=r"is like this one in turn: choose from .*maml") as error:
        configured(params, budgets)
    assert "\n" not in str(error.value)
    (found,) = re.findall(r"learners\.(\w+)\.like: '(\w+)'", str(error.value))
    assert found in likes.items()


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
def real_files(root: Path) -> dict[str, Any]:
    """params.yaml as `` and the budgets by name."""
    paths = {"": root / "params.yaml"} | {path.stem: path for path in (root / "params").glob("*.yaml")}
    return {name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in paths.items()}


@pytest.mark.slow
@settings(max_examples=60)
@given(st.data())
def test_no_change_of_the_real_files_ends_in_a_traceback(root, data):
    values = copy.deepcopy(real_files(root))
    for _ in range(data.draw(st.integers(1, 2))):
        *path, key = data.draw(st.sampled_from([place for place in places(values) if len(place) > 1]))
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
    params = values.pop("")
    documents = {name: Document(name, section) for name, section in values.items()}
    try:
        config = validated(Document("", params), documents, data.draw(st.sampled_from(["smoke", "quick", "paper"])))
    except UsageError as error:
        message = str(error)
    else:
        message = ""
        assert config.episode_files()
        assert all(config.recipe(*pair) for pair in config.pairs())
    assert "\n" not in message


@settings(max_examples=8)
@given(st.data())
def test_any_learners_of_the_real_files_are_a_configuration(root, data):
    """What a budget states of all learners concerns nobody where only controls are left."""
    files = copy.deepcopy(real_files(root))
    entries = files[""]["learners"]
    kept = data.draw(st.sets(st.sampled_from(sorted(entries)), min_size=1))
    kept |= {entries[name][other] for name in kept for other in ("like", "trained_as") if other in entries[name]}
    for file in files.values():
        file["learners"] = {name: own for name, own in file["learners"].items() if name in {*kept, "all"}}
        for section, names in (("iterations", kept), ("trained_on", {*kept, "all"})):
            for task, rows in file.get(section, {}).items():
                file[section][task] = {name: value for name, value in rows.items() if name in names}
    params = files.pop("")
    documents = {name: Document(name, file) for name, file in files.items()}
    assert set(validated(Document("", params), documents, "smoke").learners) == kept


@pytest.mark.parametrize("budget", ["smoke", "quick", "long", "paper", "navigation", "lake", "reference", "twice"])
def test_every_budget_of_the_real_files_is_valid(root, budget):
    config = load(root / "params.yaml", budget)
    assert config.runs() and config.episode_files()


def test_reading_parameters_does_not_wait_for_torch(root):
    command = "import sys, metascore.config.loading as p; p.load('params.yaml'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize("key", [1, True, None, 2.5])
def test_a_key_that_is_no_word_is_one_line(key):
    with pytest.raises(UsageError, match=f"line 3: not YAML: {key}: keys are words"):
        configured({"budget": "smoke", "learners": {key: {}}}, {})


def test_a_kind_of_problem_without_a_task_may_keep_its_numbers():
    params, budgets = values()
    params["learners"]["maml"]["for"]["sine"] = {"inner_lr": 0.5}
    del params["tasks"]["waves"]
    budgets["tiny"]["tasks"].remove("waves")
    budgets["other"]["tasks"] = ["images"]
    assert configured(params, budgets).recipe("images", "maml").hyper_parameters["inner_lr"] == 2.0


@pytest.mark.parametrize("form", ["[{}]", "{{<<: [{}]}}", "{{k: [{}]}}"], ids=["lists", "merges", "sections"])
def test_aliases_that_stand_for_billions_of_values_are_one_line(form):
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{k}: &a{k} {form.format(', '.join(10 * [f'*a{k - 1}']))}" for k in range(1, 12)]
    with pytest.raises(UsageError, match="more than 100000 values"):
        parsed("\n".join(lines), "params.yaml")


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: &a {b: *a}", "a: &a {<<: *a}"])
def test_an_alias_inside_itself_is_one_line(text):
    with pytest.raises(UsageError, match="more than 100000 values"):
        parsed(text, "params.yaml")
