"""Metadata of episode files: what Croissant's own reader says of them, and the digests of what lies there."""

import hashlib
import json

import mlcroissant
import numpy as np
import pytest
from small_project import LEARNERS, metascore, prepare, write_params

NAME = "data/episodes/croissant-smoke.json"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_params(folder, LEARNERS)
    prepare(folder)
    assert NAME in metascore(folder, "croissant")
    return folder


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # in the libraries of the reader
def test_it_is_valid_and_its_records_can_be_read(place, caplog):
    dataset = mlcroissant.Dataset(jsonld=place / NAME)
    assert not dataset.metadata.ctx.issues.errors
    assert all("datePublished" in record.message for record in caplog.records)  # which who publishes them knows
    records = [{key: text(value) for key, value in row.items()} for row in dataset.records("columns")]
    test = [row for row in records if row["columns/file"] == "omniglot/test-5w1s5q-32.npy"]
    rows = np.load(place / "data/episodes/omniglot/test-5w1s5q-32.npy")
    assert [row["columns/column"] for row in test] == list(rows.dtype.names)
    assert [row["columns/shape"] for row in test] == [str(list(rows[name].shape[1:])) for name in rows.dtype.names]
    assert {row["files/episodes"] for row in dataset.records("files")} == {64, 8, 32}


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def test_digests_and_sizes_are_those_of_the_files(place):
    metadata = json.loads((place / NAME).read_text())
    assert len(metadata["distribution"]) == 3
    for file in metadata["distribution"]:
        content = (place / "data/episodes" / file["contentUrl"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert file["contentSize"] == f"{len(content)} B"


def test_examples_that_were_made_here_are_not_called_omniglot(place):
    assert "synthetic glyphs" in json.loads((place / NAME).read_text())["description"]


def test_a_file_that_is_not_drawn_is_named(place):
    path = place / "data/episodes/omniglot/validation-5w1s5q-8.npy"
    path.rename(path.with_suffix(".away"))
    said = metascore(place, "croissant", status=1)
    path.with_suffix(".away").rename(path)
    assert "validation-5w1s5q-8.npy: not drawn yet: run `snakemake data/episodes/omniglot/val" in said
