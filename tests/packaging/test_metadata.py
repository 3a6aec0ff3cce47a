"""Licence, citation, version and changelog of the project agree."""

import tomllib
from importlib import metadata

import pytest
import yaml

from metascore.cli import main


def test_licence_version_title_and_changelog_agree(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert (root / "LICENSE").read_text().startswith(f"{project['license']} License\n")
    assert (project["license"], project["version"]) == (citation["license"], citation["version"])
    assert project["description"].lower() in citation["title"].lower()
    assert all((root / file).is_file() for file in (*project["license-files"], project["readme"]))
    headings = [line for line in (root / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0] == f"## {project['version']}"


def test_the_version_is_that_of_the_installation(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"metascore {metadata.version('metascore')}\n"
