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

from metascore.config.documents import Document
from metascore.config.loading import load, validated
from metascore.errors import UsageError

MALFORMED: list[tuple[str, Any, str]] = [
    # file and key (params.yaml, where no budget is named), value, what the error says
    ("budget", DELETE, "params.yaml: top level: 'budget' is a required"),
    ("budget", 3, "params.yaml, line 1: budget: 3 is not of type 'string'"),
    ("budget", "huge", "budget: 'huge' is not defined: choose one of other, tiny"),
    ("colour", "red", "colour: unknown: one of budget, data"),
    ("budgets", {}, "budgets: unknown"),
    ("data", DELETE, "data"),
    ("data.omniglot.sources", [], "data.omniglot.sources"),
    ("data.omniglot.sources", ["ftp"], "data.omniglot.sources.0"),
    ("data.omniglot.sources", ["glyphs", "glyphs"], "data.omniglot.sources"),
    ("data.omniglot.glyphs_seed", -1, "data.omniglot.glyphs_seed"),
    ("data.omniglot.glyphs_seed", "zero", "data.omniglot.glyphs_seed"),
    ("split.name", "alphabetical", "split.name"),
    ("split.train", 0, "split.train"),
    ("split.train", 1.5, "split.train"),
    ("split.seed", None, "split.seed"),
    ("split.validation", 9, "split.validation"),
    ("split.validation", DELETE, "validation"),
    ("split.folder", "lists", "split.folder: unknown"),
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
    ("tasks.waves.way", 5, "tasks.waves.way"),
    ("tasks.Images", {"problem": "sine", "shot": 1, "query": 1}, "tasks.Images: not a name"),
    ("learners", [], "learners"),
    ("learners.unheard_of", {}, "learners.unheard_of: no file src/metascore/learners/unheard_of.py"),
    ("learners.all", {}, "learners.all: means all learners in a budget"),
    ("learners.chance", {"learner": "unheard_of"}, "learners.chance: no file"),
    ("learners.maml.learner", "../maml", "learners.maml.learner"),
    ("learners.first.learner", "maml", "learners.first.learner: not allowed here"),
    (
        "learners.first.like",
        "second",
        "learners.first.like: 'second' is not defined: choose from chance, maml, protonet",
    ),
    ("learners.first.like", "first", "learners.first.like: 'first' is like this one in turn"),
    ("learners.maml.like", "first", "like: 'maml' is like this one in turn"),
    ("learners.first.paired_with", "first", "learners.first.paired_with: 'first' is no other entry of maml.py"),
    ("learners.first.paired_with", "protonet", "'protonet' is no other entry of maml.py: choose from maml"),
    ("learners.protonet.paired_with", "chess", "'chess' is no other entry of protonet.py: choose from none"),
    ("learners.maml.for.many.paired_with", "first", "learners.maml.for.many.paired_with: not allowed"),
    ("tiny: learners.first.paired_with", "maml", "learners.first.paired_with: not allowed here"),
    ("learners.maml.inner_rate", 1.0, "learners.maml.inner_rate: unknown: no hyper-parameter of maml: one of"),
    ("learners.maml.inner_lr", DELETE, "learners.maml.inner_lr: missing (for waves): add it"),
    ("learners.maml.train_steps", -1, "learners.maml.train_steps"),
    ("learners.maml.train_steps", 1.5, "learners.maml.train_steps"),
    ("learners.maml.inner_lr", "fast", "learners.maml.inner_lr"),
    ("learners.maml.inner_lr", float("inf"), "learners.maml.inner_lr"),
    ("learners.protonet.downsample", "average", "learners.protonet.downsample"),
    ("learners.maml.training", DELETE, "learners.maml.training.iterations: missing (for waves): maml learns"),
    ("learners.maml.training.iterations", DELETE, "learners.maml.training.iterations: missing (for waves)"),
    ("learners.chance.training", {"iterations": 3}, "learners.chance.training.iterations: chance has nothing to train"),
    ("learners.maml.training.epochs", 3, "learners.maml.training.epochs: unknown"),
    ("learners.maml.training.optimiser", "lbfgs", "learners.maml.training.optimiser"),
    ("learners.maml.training.meta_lr", 0, "learners.maml.training.meta_lr"),
    ("learners.maml.training.meta_lr", 1e38, "learners.maml.training.meta_lr"),
    ("learners.maml.training.meta_lr", float("nan"), "learners.maml.training.meta_lr"),
    ("learners.maml.training.iterations", -1, "learners.maml.training.iterations"),
    ("learners.maml.training.meta_batch", True, "learners.maml.training.meta_batch"),
    ("learners.maml.training.clip_norm", "none", "learners.maml.training.clip_norm"),
    ("learners.maml.training.schedule", "halving", "learners.maml.training.schedule: halving needs `halve_every`"),
    ("learners.maml.training.query", 20, "shot + query = 21"),
    ("learners.maml.training.way", 5, "learners.maml.training.way: sine has none"),
    ("learners.maml.for.chess", {}, "learners.maml.for.chess: 'chess' is no problem or task"),
    ("learners.maml.for.many.learner", "protonet", "learners.maml.for.many.learner: not allowed"),
    ("learners.maml.for.many.like", "protonet", "learners.maml.for.many.like: not allowed"),
    ("learners.maml.for.many.for", {}, "learners.maml.for.many.for: not allowed"),
    ("learners.maml.for.many.inner_rate", 1, "learners.maml.for.many.inner_rate: unknown"),
    ("learners.maml.for.many.inner_lr", "slow", "learners.maml.for.many.inner_lr: 'slow'"),
    ("learners.protonet.for", {"sine": {"width": 4}}, "learners.protonet.for.sine: protonet cannot do sine"),
    ("learners.protonet.for", {"waves": {"width": 4}}, "learners.protonet.for.waves: protonet cannot do waves"),
    ("tiny: tasks", ["images", "chess"], "params/tiny.yaml, line 3: tasks.1: 'chess' is not defined"),
    ("tiny: tasks", [], "params/tiny.yaml, line 1: tasks"),
    ("other: tasks", ["chess"], "params/other.yaml, line 3: tasks.0: 'chess'"),
    ("tiny: seeds", [0, 0], "seeds"),
    ("tiny: seeds", [0.5], "seeds.0"),
    ("tiny: episodes.test", 0, "episodes.test"),
    ("tiny: episodes.for", {"chess": {"test": 1}}, "episodes.for"),
    ("tiny: full_length", "yes", "full_length"),
    ("tiny: speed", 1, "params/tiny.yaml, line 28: speed: unknown"),
    ("tiny: learners.unheard_of", {}, "learners.unheard_of: not defined in params.yaml"),
    ("other: learners.unheard_of", {}, "params/other.yaml, line 11: learners.unheard_of: not defined"),
    ("tiny: learners.all", None, "learners.all: None is not of type 'object'"),
    ("tiny: learners.all.widht", 16, "learners.all.widht: unknown: no hyper-parameter of all: one of"),
    ("other: learners.all", {"widht": 16}, "params/other.yaml, line 12: learners.all.widht: unknown"),
    ("tiny: learners.all.width", "wide", "learners.all.width: 'wide' is not of type 'integer'"),
    ("tiny: learners.all.width", 8.0, "learners.all.width: 8.0 is not of type 'integer'"),
    ("tiny: learners.all.training.epochs", 3, "learners.all.training.epochs: unknown"),
    (
        "tiny: learners.all.training.way",
        41,
        "params/tiny.yaml, line 20: learners.all.training.way: sine has none",
    ),
    ("tiny: learners.protonet.training.way", 41, "41 characters"),
    ("tiny: learners.all.for", {"sine": {"downsampel": "stride"}}, "learners.all.for.sine.downsampel: unknown"),
    ("tiny: learners.maml.innr", 1, "learners.maml.innr: unknown"),
    ("other: learners.maml", {"innr": 1}, "params/other.yaml, line 12: learners.maml.innr: unknown"),
    ("tiny: learners.maml.learner", "protonet", "learners.maml.learner: not allowed here"),
    ("tiny: learners.maml.like", "protonet", "learners.maml.like: not allowed here"),
    ("tiny: learners.maml.for.chess", {}, "learners.maml.for.chess: 'chess' is no problem or task"),
    ("tiny: learners.first", {"first_order": 1}, "learners.first.first_order: 1 is not of type 'boolean'"),
    ("tiny: learners.chance", {"training": {"iterations": 1}}, "chance has nothing to train"),
    (
        "tiny: learners.all.training.iterations",
        DELETE,
        "learners.protonet.training.iterations: missing (for images): give",
    ),
    ("other: full_length", DELETE, "learners.maml.training.iterations: missing (for waves): give maml a row with"),
]


def test_the_small_one_is_valid():
    assert small().budget == "tiny"


@pytest.mark.parametrize(("path", "value", "said"), MALFORMED, ids=lambda item: str(item)[:40])
def test_what_is_malformed_is_one_line_that_names_the_key(path, value, said):
    with pytest.raises(UsageError) as error:
        changed(path, value)
    assert "\n" not in str(error.value)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "content", [b"", b"- 1", b"a: [", b"\xff\xfe\xfa", b"budget: {", b"1", b"&a [*a]", b"? {a: b}"]
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
    kept |= {entries[name][other] for name in kept for other in ("like", "paired_with") if other in entries[name]}
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
    with pytest.raises(UsageError, match=f"learners.{key}: {key}: keys are words"):
        configured({"budget": "smoke", "learners": {key: {}}}, {})


def test_a_kind_of_problem_without_a_task_may_keep_its_numbers():
    params, budgets = values()
    params["learners"]["maml"]["for"]["sine"] = {"inner_lr": 0.5}
    del params["tasks"]["waves"]
    budgets["tiny"]["tasks"].remove("waves")
    budgets["other"]["tasks"] = ["images"]
    assert configured(params, budgets).recipe("images", "maml").hyper_parameters["inner_lr"] == 2.0
