"""Episodes of pictures: classes of any size, within groups, Lake et al.'s runs; a folder is as good as Omniglot."""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from metascore.data import classes, folder, reading
from metascore.data.classes import Row
from metascore.data.lake import LISTED
from metascore.data.omniglot import read_omniglot
from metascore.data.pictures import Look
from metascore.errors import UsageError, UserError
from metascore.learners.base import load
from metascore.problems.images import Images
from metascore.problems.omniglot import Omniglot
from metascore.problems.pictures import Material
from metascore.training.evaluation import adaptation_curve, measured

LAKE = Omniglot(
    way=20, shot=1, query=1, split="lake", within="group", one_drawer=True, turned=False, lake_runs=True
)  # fmt: skip
SETTINGS = {"seed": 0, "rotate": ["train", "test"]}


def write_split(place: Path, count: int) -> Path:
    path = place / "split.json"
    path.write_text(json.dumps({"train": list(range(count)), "validation": [0], "test": list(range(count))}))
    return path


def characters(place: Path, names: list[tuple[str, str]]) -> list[Path]:
    """The split and the table that episodes within alphabets are drawn from."""
    table = pd.DataFrame(names, columns=["alphabet", "character"]).assign(part="evaluation").rename_axis("index")
    table.to_csv(place / "characters.csv")
    return [write_split(place, len(names)), place / "characters.csv"]


def test_the_published_runs(tmp_path):
    with LISTED.open(newline="") as file:
        lines = list(csv.DictReader(file))
    names = sorted({(line["alphabet"], line["character"]) for line in lines}, reverse=True)
    rows = LAKE.draw("test", 20, SETTINGS, characters(tmp_path, names))
    LAKE.check_rows(rows, "culprit")
    assert len(rows) == LAKE.counted("test", 400) == 20 and LAKE.counted("train", 400) == 400
    for number, row in enumerate(rows, start=1):
        of_run = [line for line in lines if int(line["run"]) == number]
        assert [names[k] for k in row["character"]] == [(line["alphabet"], line["character"]) for line in of_run]
        drawers = {(int(line["train_drawer"]) - 1, int(line["test_drawer"]) - 1) for line in of_run}
        assert {tuple(pair) for pair in row["drawer"].tolist()} == drawers and len(drawers) == 1
        assert len({names[k] for k in row["character"]}) == 20 and len({names[k][0] for k in row["character"]}) == 1
    assert not rows["rotation"].any()


@pytest.mark.parametrize("part, count", [("test", 20), ("train", 50)])
def test_other_characters_are_drawn_within_alphabets_by_one_person(tmp_path, part, count):
    names = [(f"Glyphs_{k // 25}", f"character{k % 25:02d}") for k in range(110)]  # the last has 10
    rows = LAKE.draw(part, count, SETTINGS, characters(tmp_path, names))
    LAKE.check_rows(rows, "culprit")
    alphabets = rows["character"] // 25
    assert (alphabets == alphabets[:, :1]).all() and set(alphabets[:, 0]) == {0, 1, 2, 3}
    assert (rows["drawer"] == rows["drawer"][:, :1]).all() and (rows["drawer"][..., 0] != rows["drawer"][..., 1]).all()
    assert not rows["rotation"].any()


def test_no_alphabet_is_large_enough(tmp_path):
    names = [(f"Glyphs_{k // 10}", f"character{k % 10:02d}") for k in range(50)]
    with pytest.raises(UserError, match="need 20 characters, the largest group in the train part of the split has 10"):
        LAKE.draw("train", 5, SETTINGS, characters(tmp_path, names))


def test_the_runs_have_one_shape():
    with pytest.raises(UsageError, match="20-way"):
        dataclasses.replace(LAKE, way=5).check("test", {"name": "lake"})


SHAPES = Images(data_set="shapes", way=3, shot=2, query=2, split="class", side=8, channels=3, rotate=("train",))
COUNTS = (4, 9, 3, 5, 40)


def table(place: Path, counts: tuple[int, ...] = COUNTS) -> list[Path]:
    first = np.cumsum([0, *counts])
    rows = [Row(f"c{k}", f"g{k % 2}", int(first[k]), count) for k, count in enumerate(counts)]
    classes.write(place / "classes.csv", rows)
    return [write_split(place, len(counts)), place / "classes.csv"]


def test_classes_of_any_size(tmp_path, caplog):
    rows = SHAPES.draw("train", 2000, SETTINGS, table(tmp_path))
    dataclasses.replace(SHAPES, num_classes=5).check_rows(rows, "culprit")
    assert set(rows["class"].ravel()) == {0, 1, 3, 4} and "c2 left out: shot + query are 4, it has 3" in caplog.text
    for k in (0, 1, 3, 4):
        places = rows["image"][rows["class"] == k]
        assert set(places.ravel()) == set(range(COUNTS[k])) and all(len(set(one)) == 4 for one in places)
    assert set(rows["rotation"].ravel()) == {0, 1, 2, 3}
    assert not SHAPES.draw("test", 50, SETTINGS, table(tmp_path))["rotation"].any()  # not in `rotate` of the data set


def test_too_few_classes_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"3-way episodes need 3 classes of 4 pictures, the test part of .* has 2"):
        SHAPES.draw("test", 5, SETTINGS, table(tmp_path, (4, 4, 3)))


def test_images_are_gathered_from_their_classes(tmp_path):
    sources = table(tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (sum(COUNTS), 8, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    problem = dataclasses.replace(SHAPES, num_classes=5)
    rows = problem.draw("test", 9, SETTINGS, sources)
    material = problem.read([tmp_path / "images.npy", sources[1]], torch.device("cpu"))
    support, query = problem.episodes(rows, material).batch(np.arange(9))
    assert support.x.shape == (9, 6, 8, 8, 3) and (query.class_id // 4).tolist() == np.tile(rows["class"], 2).tolist()
    first = np.cumsum([0, *COUNTS])
    place = first[rows["class"][4, 1]] + rows["image"][4, 1, 3]
    assert torch.equal(query.x[4, 3 + 1], torch.from_numpy(images[place]).float() / 255)
    with pytest.raises(UserError, match="drawn from other pictures"):
        problem.episodes(rows, (material[0], [dataclasses.replace(row, count=1) for row in material[1]]))


def test_omniglot_as_a_folder_gives_the_same_images_episodes_and_scores(tmp_path):
    """Eight characters of two alphabets as black ink on white, unpacked; drawn with the seed of the same stream."""
    random, drawings = np.random.default_rng(0), {}
    for alphabet in ("A_b", "A"):
        for k in range(4):
            for drawer in range(20):
                path = tmp_path / "set" / alphabet / f"character{k:02d}" / f"{k:04d}_{drawer + 1:02d}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(random.random((105, 105)) > 0.1).save(path)
                drawings[path.relative_to(tmp_path).as_posix()] = path.read_bytes()
    ours, names = read_omniglot([("evaluation", drawings)])
    census = reading.write_pictures(tmp_path / "images.npy", folder.listed(tmp_path / "set"), Look(28, 1, invert=True))
    images = np.load(tmp_path / "images.npy")
    assert [row.name for row in census.rows] == [f"{a}/{c}" for a, c in zip(names["alphabet"], names["character"])]  # noqa: B905
    assert np.array_equal(images.reshape(ours.shape), ours)

    omniglot = Omniglot(way=5, shot=1, query=5, num_classes=8)
    same = Images(data_set="omniglot", way=5, shot=1, query=5, split="", side=28, channels=1, rotate=("test",))
    classes.write(tmp_path / "classes.csv", census.rows)
    sources = [write_split(tmp_path, 8), tmp_path / "classes.csv"]
    drawn, rows = omniglot.draw("test", 30, SETTINGS, sources[:1]), same.draw("test", 30, SETTINGS, sources)
    first = np.array([row.first for row in census.rows])
    theirs = omniglot.episodes(drawn, torch.from_numpy(ours))
    found = same.episodes(rows, (Material(torch.from_numpy(images), first), census.rows))
    for left, right in zip(theirs.batch(np.arange(30)), found.batch(np.arange(30)), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(left, right, strict=True))
    learners = [load("pixel_knn", problem, {}) for problem in (omniglot, same)]
    scores = [measured(adaptation_curve, one, {}, its) for one, its in zip(learners, (theirs, found), strict=True)]
    assert scores[0].tobytes() == scores[1].tobytes() and len(set(scores[0][:, -1])) > 2
