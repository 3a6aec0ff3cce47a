"""Command new-learner: a file that works, an entry and a page, with the places to fill; or a package of its own."""

import keyword
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from string import Template
from typing import Any

import yaml

from metascore.config import signatures
from metascore.config.documents import Document
from metascore.config.params import Config
from metascore.errors import UsageError
from metascore.files import write_text
from metascore.report import learner_pages

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent / "templates"
NEEDS = ("has_classes", "has_images")  # of a problem: those of the template
NAME = re.compile(r"[a-z][a-z0-9_]*")
SECTION = re.compile(r"^learners:.*?(?=^[^\s#]|\Z)", re.DOTALL | re.MULTILINE)  # as far as the next key at the margin


def run(config: Config, name: str, params: Path = Path("params.yaml"), package: Path | None = None) -> None:
    """Write learners/{name}.py, the entry `learners.{name}`, a row of each budget, and docs/algorithms/{name}.md.

    With `package`, a folder, file and page go into a package there, which pip can install. Raises UsageError, before
    anything is written, where the name is no name or something has it already.
    """
    words = {"name": name, "title": name.replace("_", " ").capitalize(), "class_name": _class_name(name)}
    texts = _in_package(name, words, package) if package else _in_the_tree(name, words)
    _check_name(config, name, [package] if package else list(texts))
    entered = with_entry(params.read_text(encoding="utf-8"), _filled("entry.yaml", words), name, params)
    rows = {
        path: with_entry(path.read_text(encoding="utf-8"), _filled("row.yaml", words), name, path)
        for path in (Path(budget.file) for budget in config.budgets.values() if _asks(config, budget))
    }
    for path, text in (texts | {params: entered} | rows).items():
        write_text(path, text)
    log.info("%s and entries in %s: each place to fill says FILL IN", _listed(texts), _listed([params, *rows]))
    if package:
        log.info("`pip install --editable %s` has it found", package)
    log.info("`metascore check %s` tries it, `metascore calibrate %s` gives it the same time as the others", name, name)
    if not package:
        log.info("`make docs` puts it into README")


def _in_the_tree(name: str, words: dict[str, str]) -> dict[Path, str]:
    """The learner's file and its page."""
    file = signatures.own_path(name)
    page = _filled("page.md", words | {"file": f"../../src/metascore/learners/{name}.py"})
    return {file: _filled("learner.py", words), learner_pages.FOLDER / f"{name}.md": page}


def _in_package(name: str, words: dict[str, str], folder: Path) -> dict[Path, str]:
    """The files of a package that offers the learner, the page beside its module."""
    code = folder / "src" / f"metascore_{name}"
    return {
        folder / "pyproject.toml": _filled("pyproject.toml", words | {"dashed": name.replace("_", "-")}),
        code / "__init__.py": _filled("init.py", words),
        code / f"{name}.py": _filled("learner.py", words),
        code / f"{name}.md": _filled("page.md", words | {"file": f"{name}.py"}),
    }


def _asks(config: Config, budget: Document) -> bool:
    """Whether a budget has a task for the new learner, and asks each for a length of its own."""
    everyone = budget.at(("learners", "all", "training", "iterations"))
    has_task = any(config.problem(task).has(NEEDS) for task in budget.values["tasks"])
    return has_task and everyone is None and not budget.at(("full_length",)) and not budget.at(("seconds",))


def _listed(paths: Iterable[Path]) -> str:
    """Files as people type them."""
    return ", ".join(os.path.relpath(path) for path in paths)


def with_entry(text: str, entry: str, name: str, place: Path) -> str:
    """A file with an entry more at the end of its `learners`. Raises UsageError where none can be added."""
    section = SECTION.search(text)
    if section is not None:
        end = section.start() + len(section.group().rstrip())
        entered = f"{text[:end]}\n{entry.rstrip()}{text[end:]}"
        if _learners(entered) == _learners(text) | {name: yaml.safe_load(entry)[name]}:
            return entered
    raise UsageError(f"{place}: `learners` is no list of entries indented by two: add an entry `{name}` by hand")


def _learners(text: str) -> dict[str, Any]:
    try:
        return yaml.safe_load(text)["learners"] or {}
    except yaml.YAMLError:
        return {}


def _check_name(config: Config, name: str, written: list[Path]) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(f"{name}: not a learner's name: take small letters, digits and _, such as my_learner")
    if name in config.learners:
        raise UsageError(f"{name}: params.yaml has an entry of this name: choose another")
    if name in signatures.known():
        raise UsageError(f"{name}: a learner of this name exists: choose another")
    for path in written:
        if path.exists():
            raise UsageError(f"{name}: {path} exists: choose another name")


def _class_name(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _filled(template: str, words: dict[str, str]) -> str:
    return Template((TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")).substitute(words)
