"""The metadata of episode files is valid Croissant, and its records and digests are those of the files."""

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
def test_records_and_digests_are_those_of_the_files(place):
    dataset = mlcroissant.Dataset(jsonld=place / NAME)
    assert not dataset.metadata.ctx.issues.errors
    columns = [str(row["columns/column"]) for row in dataset.records("columns") if "test-5w1s" in row["columns/file"]]
    assert columns == list(np.load(place / "data/episodes/omniglot/test-5w1s5q-32.npy").dtype.names)
    described = json.loads((place / NAME).read_text())
    assert len(described["distribution"]) == 3 and "synthetic glyphs" in described["description"]
    for file in described["distribution"]:
        content = (place / "data/episodes" / file["contentUrl"]).read_bytes()
        assert (file["sha256"], file["contentSize"]) == (hashlib.sha256(content).hexdigest(), f"{len(content)} B")


def test_a_missing_file_is_named(place):
    (place / "data/episodes/omniglot/validation-5w1s5q-8.npy").unlink()
    message = metascore(place, "croissant", status=1)
    assert "validation-5w1s5q-8.npy: not drawn yet: run `snakemake data/episodes/omniglot/val" in message
