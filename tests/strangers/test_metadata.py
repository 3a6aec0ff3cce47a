"""What whoever finds the project looks for first: may I use it, how do I cite it, which version is it."""

import json
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker
from packaging.licenses import canonicalize_license_expression

from metascore.cli import main

# The Citation File Format's own schema (citation-file-format 1.2.0, CC BY 4.0).
SCHEMA = Path(__file__).parent / "schemas/cff-1.2.0.json"


@pytest.fixture
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture
def citation(root):
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))


def faults(citation):
    validator = Draft7Validator(json.loads(SCHEMA.read_text()), format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(citation)]


def test_the_citation_is_valid(citation):
    assert faults(citation) == []
    assert faults(citation | {"licence": "MIT"}) and faults(citation | {"license": "MIT 2"})


def test_licence_version_and_title_are_the_same_everywhere(project, citation, root):
    assert (root / "LICENSE").read_text().startswith(f"{project['license']} License\n")
    assert canonicalize_license_expression(project["license"]) == citation["license"]
    assert project["version"] == citation["version"]
    assert project["description"].lower() in citation["title"].lower()
    assert all((root / file).is_file() for file in (*project["license-files"], project["readme"]))


def test_the_changelog_begins_with_this_version(project, root):
    headings = [line for line in (root / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0] == f"## {project['version']}" and headings[-1] == "## 0.1.0"


def test_the_version_is_that_of_the_installation(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == f"metascore {metadata.version('metascore')}\n"
