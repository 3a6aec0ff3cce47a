"""Glyphs made while Omniglot was out of reach give way when it can be had, or a line says how."""

import dataclasses
import json
from pathlib import Path

import pytest
from temporary_project import Project

from metascore.store import stand_ins

SOURCES = {"sources": ["mirror", "torchvision", "glyphs"]}
MIRROR = {"OMNIGLOT_MIRROR": "/somewhere"}


@pytest.fixture
def glyphs(tmp_path: Path) -> Path:
    path = tmp_path / "source.json"
    path.write_text(json.dumps({"name": "synthetic glyphs", "synthetic": True}))
    return path


def test_glyphs_give_way_to_a_mirror(glyphs):
    stand_in = stand_ins.found(SOURCES, glyphs, MIRROR)
    assert stand_in is not None and stand_in.gives_way


@pytest.mark.parametrize("sources, environment", [(SOURCES["sources"], {}), (["torchvision", "glyphs"], MIRROR)])
def test_without_a_mirror_a_line_says_how(glyphs, sources, environment):
    stand_in = stand_ins.found({"sources": sources}, glyphs, environment)
    assert stand_in is not None and not stand_in.gives_way
    assert "OMNIGLOT_MIRROR" in stand_in.line and f"delete {glyphs.parent}" in stand_in.line


def test_glyphs_that_were_asked_for_stay(glyphs):
    assert stand_ins.found({"sources": ["glyphs"]}, glyphs, MIRROR) is None


@pytest.mark.parametrize("content", [None, "{", "[1]", '{"synthetic": false}'])
def test_other_data_stay(glyphs, content):
    glyphs.unlink() if content is None else glyphs.write_text(content)
    assert stand_ins.found(SOURCES, glyphs, MIRROR) is None


def test_the_workflow_fetches_omniglot_in_the_place_of_glyphs(project: Project):
    source = project.path / "data/omniglot/source.json"
    source.write_text('{"synthetic": true}')
    without, with_mirror = (
        dataclasses.replace(project, variables={"OMNIGLOT_MIRROR": place}) for place in ("", "/somewhere")
    )
    assert without.planned() == set()
    assert "Omniglot, verified, as arrays" in with_mirror.planned()
