"""`metascore predict` and `find`: a checkpoint alone, in any folder, answers as fine-tuning does."""

import csv
import dataclasses
import io
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from metascore.cli import main
from metascore.config.recipe import Training
from metascore.learners.base import load
from metascore.problems.base import Problem
from metascore.problems.omniglot import Omniglot
from metascore.problems.sine import Sine
from metascore.randomness import generator
from metascore.store import checkpoint
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.loop import TrainingRun, beginning, meta_train

WAY, SHOT, QUERY, CHARACTERS = 5, 2, 3, 30
PROBLEM = Omniglot(way=WAY, shot=SHOT, query=QUERY, num_classes=CHARACTERS)
LEARNERS: dict[str, dict[str, Any]] = {
    "protonet": {"width": 8},
    "relation": {"width": 8},
    "pixel_knn": {},
    "maml": {"width": 8, "inner_lr": 0.4, "train_steps": 1, "test_steps": 2, "first_order": False},
}


def save(place: Path, name: str, images: torch.Tensor, problem: Problem = PROBLEM) -> Path:
    """The checkpoint of a short meta-training."""
    learner = load(name, PROBLEM, LEARNERS[name])
    start = beginning(learner, generator(0, "initial parameters"), torch.device("cpu"))
    params = start.params
    if learner.learns:
        episodes = PROBLEM.episodes(PROBLEM.draw_among(list(range(20)), "train", 40, False, 0), images)
        training = Training(iterations=20, meta_batch=4, meta_lr=0.01, validations=1)
        setting = TrainingRun(learner, learner, episodes, episodes, training, 0)
        params = list(meta_train(setting, start, lambda: False))[-1].params
    recipe = {"learner": name, "hyper_parameters": LEARNERS[name], "training": {}}
    identity = {"recipe": recipe, "problem": {"kind": problem.name} | dataclasses.asdict(problem)}
    checkpoint.save(place / "checkpoint.safetensors", params, identity)
    return place / "checkpoint.safetensors"


def write_out(place: Path, row: np.void, images: torch.Tensor) -> None:
    """An episode as folders: dark ink on light paper."""
    for label, (character, drawers) in enumerate(zip(row["character"], row["drawer"], strict=True)):
        for k, drawer in enumerate(drawers):
            part = "support" if k < SHOT else "query"
            path = place / part / f"class{label}" / f"{k}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(255 - images[int(character), int(drawer)].numpy()).save(path)


def answers(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", LEARNERS)
def test_an_episode_written_out_scores_what_finetune_says(name, images, tmp_path, monkeypatch, capsys):
    path = save(tmp_path, name, images)
    rows = PROBLEM.draw_among(list(range(20, 30)), "test", 2, False, 0)
    params, _ = checkpoint.load(path, torch.device("cpu"), "")
    learner = load(name, PROBLEM, LEARNERS[name])
    curves = measured(adaptation_curve, learner, params, PROBLEM.episodes(rows, images))
    monkeypatch.chdir(tmp_path)
    for k, (row, curve) in enumerate(zip(rows, curves, strict=True)):
        place = Path(str(k))
        write_out(place, row, images)
        asked = ("predict", "checkpoint.safetensors", f"{place}/support", f"{place}/query", "--csv", f"{k}.csv")
        assert main([*asked, "--figure", f"{k}.png"]) == 0
        found = answers(Path(f"{k}.csv"))
        right = sum(one["class"] == Path(one["file"]).parent.name for one in found)
        assert np.float32(right / len(found)) == curve[-1] and len(found) == WAY * QUERY
        said = capsys.readouterr().out
        assert f"{right} of {len(found)} in the folder of their class" in said
        assert ("transductive" in said) == (learner.batch_norm == "transductive")
        with Image.open(f"{k}.png") as drawn:
            assert drawn.size[0] > 500
        assert all(abs(sum(float(one[f"class{c}"]) for c in range(WAY)) - 1) < 1e-4 for one in found)


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory) -> Path:
    """The checkpoint of an inductive learner of five classes. Don't change it."""
    return save(tmp_path_factory.mktemp("trained"), "protonet", images)


@pytest.fixture
def asked(images, trained, tmp_path) -> Callable[..., int]:
    """Asks that learner about an episode that is written out."""
    path = Path(shutil.copy(trained, tmp_path))
    write_out(tmp_path, PROBLEM.draw_among(list(range(20, 30)), "test", 1, False, 0)[0], images)

    def ask(*arguments: str, stage: str = "predict", checkpoint: Path = path) -> int:
        return main([stage, str(checkpoint), *arguments])

    return ask


def test_inductive_answers_do_not_depend_on_other_pictures(asked, tmp_path):
    support, query, out = tmp_path / "support", tmp_path / "query", tmp_path / "all.csv"
    assert asked(str(support), str(query), "--csv", str(out)) == 0
    alone = {}
    for file in sorted(query.rglob("*.png")):
        assert asked(str(support), str(file), "--csv", str(tmp_path / "one.csv")) == 0
        (one,) = answers(tmp_path / "one.csv")
        alone[file.relative_to(query).as_posix()] = [float(one[f"class{c}"]) for c in range(WAY)]
    together = {one["file"]: [float(one[f"class{c}"]) for c in range(WAY)] for one in answers(out)}
    np.testing.assert_allclose(list(alone.values()), list(together.values()), atol=2e-6)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_names_that_a_terminal_has_no_letters_for_are_written_all_the_same(asked, tmp_path, monkeypatch, encoding):
    (tmp_path / "support/class1").rename(tmp_path / "support/\u82b1")
    query = tmp_path / "query/class1/2.png"
    query = query.rename(os.fsdecode(os.fsencode(query.parent) + b"/\xff.png"))  # no letter in any coding
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", screen)
    assert asked(str(tmp_path / "support"), str(query), "--csv", str(tmp_path / "one.csv")) == 0
    assert asked(str(tmp_path / "query/class0"), str(query.parent), stage="find") == 0
    shown = screen.buffer.getvalue().decode(encoding)
    assert r"\udcff.png" in shown and ("\u82b1" if encoding == "utf-8" else r"\u82b1") in shown
    assert r"\udcff.png" in (tmp_path / "one.csv").read_text(encoding="utf-8")


def test_other_ways_and_shots(asked, tmp_path, capsys):
    for k in (3, 4):
        for file in (tmp_path / "support" / f"class{k}").iterdir():
            file.unlink()
    (tmp_path / "support/class0/1.png").unlink()
    assert asked(str(tmp_path / "support"), str(tmp_path / "query/class0")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == QUERY and all("class3" not in line for line in lines)


def test_find_puts_the_class_first(asked, images, tmp_path, capsys):
    """Five candidates of five held-out characters, two pictures of each: accuracy over the five."""
    first = 0
    for k in range(WAY):
        among = tmp_path / f"among{k}"
        among.mkdir()
        for label in range(WAY):
            shutil.copy(tmp_path / f"query/class{label}/2.png", among / f"{label}.png")
        assert asked(str(tmp_path / f"support/class{k}"), str(among), stage="find") == 0
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == WAY and abs(sum(float(line.split()[0]) for line in lines) - 1) < 0.01
        first += lines[0].endswith(f"{k}.png")
    assert first >= WAY - 1


def test_a_learner_of_five_outputs_wants_five_classes(images, tmp_path, capsys):
    path = save(tmp_path, "maml", images)
    write_out(tmp_path, PROBLEM.draw_among(list(range(20, 30)), "test", 1, False, 0)[0], images)
    for file in (tmp_path / "support/class4").iterdir():
        file.unlink()
    assert main(["predict", str(path), str(tmp_path / "support"), str(tmp_path / "query")]) == 1
    assert "maml has learned 5 outputs, and there are 4 classes" in capsys.readouterr().err


def damaged(place: Path, what: str) -> list[str]:
    """Arguments of `predict` where something is wrong."""
    given = {"checkpoint": place / "checkpoint.safetensors", "support": place / "support", "query": place / "query"}
    if what == "broken":
        (place / "query/class0/9.png").write_bytes(b"\x89PNG no")
    elif what == "one class":
        given["support"] = place / "support/class0/.."
        for k in range(1, WAY):
            (place / f"support/class{k}").rename(place / f"class{k}")
    else:
        given[what] = place / "nowhere"
    return list(map(str, given.values()))


@pytest.mark.parametrize(
    "what, words",
    [
        ("checkpoint", "not a checkpoint"), ("support", "no such folder"), ("query", "no such file or folder"),
        ("broken", r"9.png: unreadable"), ("one class", "give two or more"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(asked, tmp_path, capsys, what, words):
    assert main(["predict", *damaged(tmp_path, what)]) == 1
    written = capsys.readouterr()
    assert not written.out and written.err.count("\n") == 1 and words in written.err


def stated(path: str, value: Any) -> Callable[[dict[str, Any], dict[str, Any]], object]:
    """A change of the metadata."""
    *sections, key = path.split(".")

    def change(tensors: dict[str, Any], metadata: dict[str, Any]) -> None:
        section = metadata
        for name in sections:
            section = section[name]
        section[key] = value

    return change


def converted(kind: torch.dtype) -> Callable[[dict[str, Any], dict[str, Any]], object]:
    """A change of the tensors' kind of numbers."""
    return lambda tensors, metadata: tensors.update({name: value.to(kind) for name, value in tensors.items()})


WAVES = {"kind": "sine"} | dataclasses.asdict(Sine(shot=5, query=5))
HOSTILE: dict[str, tuple[Callable[[dict[str, Any], dict[str, Any]], object], str]] = {
    # name: (change of tensors and metadata, words of the line)
    "waves": (stated("problem", WAVES), "was trained on sine"),
    "an older one": (lambda tensors, metadata: metadata.pop("problem"), "metascore train"),
    "a problem that is none": (stated("problem", [1]), "not a checkpoint"),
    "a problem of another package": (stated("problem.kind", "os"), "os"),
    "an unknown key": (stated("problem.x", 1), "not a checkpoint"),
    "a problem of words": (stated("problem.way", "five"), "not a checkpoint"),
    "a million ways": (stated("problem.way", 10**6), "4096"),
    "a learner that is none": (stated("recipe.learner", "../x"), "x"),
    "a recipe that is none": (stated("recipe", "x"), "not a checkpoint"),
    "no hyper-parameters": (stated("recipe.hyper_parameters", {}), "not a checkpoint"),
    "an unknown hyper-parameter": (stated("recipe.hyper_parameters.x", 1), "not a checkpoint"),
    "endless steps": (stated("recipe.hyper_parameters.test_steps", 10**9), "test_steps: 1000000000 is more than 4096"),
    "infinite rates": (stated("recipe.hyper_parameters.inner_lr", float("inf")), "not a checkpoint"),
    "a huge network": (stated("recipe.hyper_parameters.width", 10**9), "width"),
    "tensors of 64 bits": (converted(torch.float64), "torch.float64"),
    "tensors of 16 bits": (converted(torch.float16), "torch.float16"),
    "whole numbers": (converted(torch.int32), "torch.int32"),
    "a tensor that is missing": (lambda tensors, metadata: tensors.popitem(), "tensors are not those"),
    "no tensors": (lambda tensors, metadata: tensors.clear(), "tensors are not those"),
    "a tensor of another shape": (
        lambda tensors, metadata: tensors.update({next(iter(tensors)): torch.zeros(3)}), "tensors are not those",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def maml(images, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("maml")
    write_out(place, PROBLEM.draw_among(list(range(20, 30)), "test", 1, False, 0)[0], images)
    return save(place, "maml", images)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_checkpoint_that_contradicts_itself_is_one_line(maml, tmp_path, capsys, name):
    change, words = HOSTILE[name]
    tensors, metadata = checkpoint.load(maml, torch.device("cpu"), "")
    change(tensors, metadata)
    checkpoint.save(tmp_path / "checkpoint.safetensors", tensors, metadata)
    asked = ("predict", str(tmp_path / "checkpoint.safetensors"), str(maml.parent / "support"))
    assert main([*asked, str(maml.parent / "query")]) == 1
    written = capsys.readouterr()
    assert not written.out and written.err.count("\n") == 1 and words in written.err
    assert "please report" not in written.err and "checkpoint.safetensors" in written.err


@pytest.mark.parametrize("metadata", ["[" * 100_000, "[1]", "1", '{"metadata": 1, "sha256": ""}'])
def test_metadata_that_are_no_dictionary_are_one_line(tmp_path, capsys, metadata):
    content = safetensors.torch.save({"w": torch.ones(2)}, {"metascore": metadata})
    (tmp_path / "checkpoint.safetensors").write_bytes(content)
    assert main(["predict", str(tmp_path / "checkpoint.safetensors"), str(tmp_path), str(tmp_path)]) == 1
    written = capsys.readouterr().err
    assert written.count("\n") == 1 and "not a checkpoint" in written and "unexpected" not in written


def test_names_of_classes_that_are_columns_or_formulas(asked, tmp_path, capsys):
    names = ["file", "class", "=1+1", "@SUM(A1)", "(file)"]
    for k, name in enumerate(names):
        (tmp_path / f"support/class{k}").rename(tmp_path / "support" / name)
    query = (tmp_path / "query/class0/2.png").rename(tmp_path / "query/class0/=2\x1b[31m\n.png")
    assert asked(str(tmp_path / "support"), str(query.parent), "--csv", str(tmp_path / "out.csv")) == 0
    rows = answers(tmp_path / "out.csv")
    assert [*rows[0]][:2] == ["file", "class"] and len(rows[0]) == 2 + WAY and len(rows) == QUERY
    assert all(abs(sum(float(value) for value in [*row.values()][2:]) - 1) < 1e-4 for row in rows)
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in (*row, *row.values()))
    assert asked(str(tmp_path / "support/file"), str(query.parent), stage="find") == 0
    assert "\x1b" not in (shown := capsys.readouterr().out) and r"=2\x1b[31m\n.png" in shown
    query.write_bytes(b"")
    assert asked(str(tmp_path / "support"), str(query.parent)) == 1
    assert "\x1b" not in (shown := capsys.readouterr().err) and shown.count("\n") == 1


def test_queries_that_are_support_pictures_are_named(asked, tmp_path, capsys):
    line = "also among the support pictures"
    assert asked(str(tmp_path / "support"), str(tmp_path / "query")) == 0 and line not in capsys.readouterr().out
    shutil.copy(tmp_path / "support/class0/0.png", tmp_path / "query/class1/copy.png")
    assert asked(str(tmp_path / "support"), str(tmp_path / "query")) == 0
    assert f"class1/copy.png: {line}" in capsys.readouterr().out


def test_accents_in_another_coding_are_the_same_class(asked, tmp_path, capsys):
    (tmp_path / "support/class1").rename(tmp_path / "support/caf\u00e9")
    (tmp_path / "query/class1").rename(tmp_path / "query/cafe\u0301")
    assert asked(str(tmp_path / "support"), str(tmp_path / "query/")) == 0
    assert f"of {WAY * QUERY} in the folder of their class" in capsys.readouterr().out


@pytest.mark.parametrize("wish", [("--steps", "-1"), ("--figure", "answers.doc")])
def test_impossible_wishes(asked, tmp_path, capsys, wish):
    assert asked(str(tmp_path / "support"), str(tmp_path / "query"), *wish) == 2
    assert wish[0] in capsys.readouterr().err
