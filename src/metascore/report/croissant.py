"""Metadata of episode files in the format Croissant 1.0 (mlcommons.org/croissant), JSON that search engines read.

An episode file is a NumPy array with a row an episode, for which Croissant has no reader. The metadata list the files
with their digests, and the columns of each. docs/reference/datasheet.md describes the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

TERMS = """
citeAs column equivalentProperty extract field fileObject fileProperty fileSet format includes isLiveDataset
jsonPath key md5 parentField path recordSet references regex repeated replace samplingRate separator source subField
transform
"""
CONTEXT = {  # as Croissant 1.0 prescribes it
    "@language": "en",
    "@vocab": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
} | {term: f"cr:{term}" for term in TERMS.split()}
LICENCE = "https://spdx.org/licenses/MIT.html"
CITED = "Lake, Salakhutdinov and Tenenbaum 2015, Science 350(6266):1332-1338, for the characters of Omniglot"
Json = dict[str, Any]


@dataclass(frozen=True)
class EpisodeArray:
    """An episode file: what it is for, and what its rows are."""

    name: str  # below data/episodes
    kind: str  # of problem
    part: str  # train, validation or test
    count: int
    row: np.dtype[Any]
    size: int  # bytes
    sha256: str


def described(files: list[EpisodeArray], budget: str, version: str, data: str) -> Json:
    """The metadata of these files. `data` describes the source of the episodes."""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"metascore_episodes_{budget}",
        "description": f"Frozen few-shot episodes on which all learners of MetaScore's budget {budget} are trained and "
        f"evaluated. They refer to examples and contain none: {data}.",
        "version": version,
        "license": LICENCE,
        "citeAs": CITED,
        "distribution": [_file(file) for file in files],
        "recordSet": [_files(files), _columns(files)],
    }


def _file(file: EpisodeArray) -> Json:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "description": f"{file.count} episodes of {file.kind} for {file.part}; read it with numpy.load",
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": "application/octet-stream",
        "sha256": file.sha256,
    }


def _files(files: list[EpisodeArray]) -> Json:
    rows = [{"file": one.name, "kind": one.kind, "part": one.part, "episodes": one.count} for one in files]
    return _records("files", "One row an episode file", {"episodes": "sc:Integer"}, rows)


def _columns(files: list[EpisodeArray]) -> Json:
    rows = [
        {"file": one.name, "column": name, "type": one.row[name].base.str, "shape": str(list(one.row[name].shape))}
        for one in files
        for name in one.row.names or ()
    ]
    return _records("columns", "What each episode of a file holds: NumPy's type, and the shape", {}, rows)


def _records(name: str, description: str, types: dict[str, str], rows: list[Json]) -> Json:
    """A table whose rows are part of the metadata; `types` are those of columns that are not text."""
    fields = [
        {"@type": "cr:Field", "@id": f"{name}/{key}", "name": key, "dataType": types.get(key, "sc:Text")}
        for key in rows[0]
    ]
    data = [{f"{name}/{key}": value for key, value in row.items()} for row in rows]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "field": fields,
        "data": data,
    }
