"""YAML files with the line of every key, so that an error can say where to look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from metascore.errors import UsageError

Key = tuple[Any, ...]  # of a value in a nest of dictionaries and lists, such as ("learners", "maml", "width")

TEXT, NUMBER = "tag:yaml.org,2002:str", "tag:yaml.org,2002:float"
EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")


class Place(NamedTuple):
    """Where something is written."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}, line {self.line}"


@dataclass(frozen=True)
class Document:
    """The content of a file."""

    file: str  # as people are told
    values: Any
    lines: Mapping[Key, int] = field(default_factory=dict)  # none where the values come from no file

    def place(self, key: Key) -> Place:
        """Where a key is written; where it would be, if it is missing."""
        known = (self.lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self.lines)
        return Place(self.file, next(known, None))

    def at(self, key: Key) -> Any:
        """The value of a key, None where it is missing."""
        value = self.values
        for part in key:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def wrong(self, key: Key, what: str) -> UsageError:
        """The error that says what is wrong with a key."""
        return UsageError(f"{self.place(key)}: {dotted(key)}: {what}")


def dotted(key: Key) -> str:
    """A key as people write it, such as learners.maml.width."""
    return ".".join(str(part) if str(part).isprintable() else repr(part) for part in key) or "top level"


def listed(names: Iterable[Any]) -> str:
    """Names as people read them, sorted."""
    return ", ".join(sorted(map(str, names)))


def read(path: Path) -> Document:
    """Raises UsageError, with file and line, where a file can't be read, is not YAML or says one thing twice."""
    return parsed(text(path), str(path))


def text(path: Path) -> str:
    """What a file says. Raises UsageError where it can't be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}: run from the project's folder, or give --params") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not YAML: {error}: save it as UTF-8") from error


def parsed(text: str, file: str) -> Document:
    """The document of a text. Raises UsageError as `read` does."""
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Document(file, None)
        for value in _nodes(node):
            _check(value, file)
        values = loader.construct_document(node)
        return Document(file, values, dict(_lines(node, ())))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or " ".join(str(error).split())
        raise UsageError(f"{Place(file, mark and mark.line + 1)}: not YAML: {what}: correct it") from error


def _nodes(node: yaml.Node) -> Iterator[yaml.Node]:
    """A node and all nodes in it, but for keys."""
    yield node
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _nodes(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _nodes(value)


def _check(node: yaml.Node, file: str) -> None:
    if isinstance(node, yaml.MappingNode):
        _check_twice(node, file)
    elif isinstance(node, yaml.ScalarNode) and node.style is None and node.tag == TEXT:
        _check_exponent(node, file)


def _check_twice(node: yaml.MappingNode, file: str) -> None:
    """YAML would silently take the last of two equal keys."""
    stated: dict[tuple[str, str], int] = {}
    for key, _ in node.value:
        name, line = (key.tag, str(key.value)), key.start_mark.line + 1
        if name in stated:
            raise UsageError(f"{Place(file, line)}: {key.value}: stated in line {stated[name]} too: delete one")
        stated[name] = line


def _check_exponent(node: yaml.ScalarNode, file: str) -> None:
    """YAML takes 1e-3 for text, but DVC writes 1e-05, as Python does: that is a number here."""
    text = node.value
    if not EXPONENT.fullmatch(text):
        return
    if text == repr(float(text)):
        node.tag = NUMBER
        return
    mantissa, exponent = text.lower().split("e")
    cure = f"{mantissa if '.' in mantissa else mantissa + '.0'}e{int(exponent):+d}"
    place = Place(file, node.start_mark.line + 1)
    raise UsageError(f"{place}: {text}: YAML takes this for text, not a number: write {cure}")


def _lines(node: yaml.Node, key: Key) -> Iterator[tuple[Key, int]]:
    """The line of every key, and of every item of a list."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            inner = (*key, name.value)
            yield inner, name.start_mark.line + 1
            yield from _lines(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*key, index), value.start_mark.line + 1
            yield from _lines(value, (*key, index))
