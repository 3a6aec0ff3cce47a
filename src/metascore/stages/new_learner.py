"""Command new-learner: a learner's file that works, its entry and its page, or a package with them."""

import keyword
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from string import Template

import yaml

from metascore.config import signatures
from metascore.config.params import Config
from metascore.errors import UsageError
from metascore.files import write_text
from metascore.report import learner_pages

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).parent / "templates"
NAME = re.compile(r"[a-z][a-z0-9_]*")
SECTION = re.compile(r"^learners:.*?(?=^[^\s#]|\Z)", re.DOTALL | re.MULTILINE)  # as far as the next key at the margin


def run(config: Config, name: str, params: Path = Path("params.yaml"), package: Path | None = None) -> None:
    """Write learners/{name}.py, the entry `learners.{name}` and docs/algorithms/{name}.md.

    With `package`, a folder, file and page go into a package there, which pip can install. Raises UsageError, before
    anything is written, where the name is invalid or in use.
    """
    words = {"name": name, "title": name.replace("_", " ").capitalize(), "class_name": _class_name(name)}
    texts = _in_package(name, words, package) if package else _in_the_tree(name, words)
    _check_name(config, name, [package] if package else list(texts))
    entered = with_entry(params.read_text(encoding="utf-8"), _filled("entry.yaml", words), name, params)
    for path, text in (texts | {params: entered}).items():
        write_text(path, text)
    log.info("%s and an entry in %s: each place to fill says FILL IN", _listed(texts), _listed([params]))
    if package:
        log.info("`pip install --editable %s` installs it", package)
    log.info(
        "`metascore check %s` tries it; `metascore calibrate %s` gives it the time that the others have", name, name
    )
    if not package:
        log.info("`make docs` adds it to the list of learners")


def _in_the_tree(name: str, words: dict[str, str]) -> dict[Path, str]:
    """The learner's file and its page."""
    page = _filled("page.md", words | {"file": f"../../src/metascore/learners/{name}.py"})
    return {signatures.own_path(name): _filled("learner.py", words), learner_pages.FOLDER / f"{name}.md": page}


def _in_package(name: str, words: dict[str, str], folder: Path) -> dict[Path, str]:
    """The files of a package that offers the learner, the page beside its module."""
    code = folder / "src" / f"metascore_{name}"
    return {
        folder / "pyproject.toml": _filled("pyproject.toml", words | {"dashed": name.replace("_", "-")}),
        code / "__init__.py": _filled("init.py", words),
        code / f"{name}.py": _filled("learner.py", words),
        code / f"{name}.md": _filled("page.md", words | {"file": f"{name}.py"}),
    }


def _listed(paths: Iterable[Path]) -> str:
    return ", ".join(os.path.relpath(path) for path in paths)


def with_entry(text: str, entry: str, name: str, place: Path) -> str:
    """params.yaml with another entry at the end of its `learners`. Raises UsageError where none can be added."""
    section = SECTION.search(text)
    if section is not None:
        end = section.start() + len(section.group().rstrip())
        entered = f"{text[:end]}\n{entry.rstrip()}{text[end:]}"
        try:
            before, after = (yaml.safe_load(one)["learners"] or {} for one in (text, entered))
        except yaml.YAMLError:
            before, after = {}, {}
        if after == before | {name: yaml.safe_load(entry)[name]}:
            return entered
    raise UsageError(f"{place}: `learners` is no list of entries indented by two: add an entry `{name}` by hand")


def _check_name(config: Config, name: str, written: list[Path]) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise UsageError(f"{name}: not a learner's name: use small letters, digits and _, such as my_learner")
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
