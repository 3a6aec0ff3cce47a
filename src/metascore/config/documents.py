"""YAML files whose errors name file, line and key."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from metascore.errors import UsageError

Key = tuple[Any, ...]  # the path to a value in nested dictionaries and lists, such as ("learners", "maml", "width")

LIMIT = 100_000  # values in a file, each alias expanded: a few nested aliases can stand for billions


@dataclass(frozen=True)
class Document:
    """The content of a file."""

    file: str  # as messages name it
    values: Any
    text: str = ""  # where lines are looked up; may be empty

    def at(self, key: Key) -> Any:
        """The value of a key, None where it is missing."""
        value = self.values
        for part in key:
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def wrong(self, key: Key, what: str) -> UsageError:
        """The error for a key: file, line, key and what is wrong."""
        line = _line(yaml.compose(self.text, _Loader), key) if self.text else None
        return UsageError(f"{self.file}{(line and f', line {line}') or ''}: {dotted(key)}: {what}")


def dotted(key: Key) -> str:
    """A key as text, such as learners.maml.width."""
    return ".".join(str(part) if str(part).isprintable() else repr(part) for part in key) or "top level"


def listed(names: Iterable[Any]) -> str:
    """Names in a message, sorted."""
    return ", ".join(sorted(map(str, names)))


def read(path: Path) -> Document:
    """Raises UsageError where a file can't be read, is not YAML or states a key twice."""
    try:
        return parsed(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}: run from the project's folder, or give --params") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not YAML: {error}: save it as UTF-8") from error


def parsed(text: str, file: str) -> Document:
    """The document of a text. Raises UsageError as `read` does."""
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None and _size(node, {}) > LIMIT:  # before merges (<<) are carried out, which takes as long
            raise ValueError(f"more than {LIMIT} values: delete the aliases (*name) that repeat them")
        values = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark, what = getattr(error, "problem_mark", None), getattr(error, "problem", None) or error
        place = file if mark is None else f"{file}, line {mark.line + 1}"
        raise UsageError(f"{place}: not YAML: {' '.join(str(what).split())}: correct it") from error
    return Document(file, values, text)


class _Loader(yaml.SafeLoader):
    """Reads 1e-3 as a number, as YAML 1.2, Python and DVC do; refuses a key that is stated twice or is no word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [self.construct_object(name, deep=True) for name, _ in node.value if not name.tag.endswith(":merge")]
        for place, name in enumerate(names):
            if not isinstance(name, str) or name in names[:place]:
                what = "stated twice: delete one" if isinstance(name, str) else "keys are words: put it in quotes"
                raise yaml.MarkedYAMLError(problem=f"{name!r}: {what}", problem_mark=node.value[place][0].start_mark)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+.0123456789")
)


def _size(node: yaml.Node, known: dict[int, float]) -> float:
    """The number of values in a node, each alias expanded: infinite where one is inside itself. `known` has others'."""
    if id(node) not in known:
        known[id(node)] = math.inf
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = (one for pair in inner for one in pair) if isinstance(node, yaml.MappingNode) else inner
        known[id(node)] = 1 + sum(_size(one, known) for one in parts)
    return known[id(node)]


def _line(node: yaml.Node | None, key: Key) -> int:
    """The line of a key; of a missing one, that of its section."""
    line = 1
    for part in key:
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        pairs = inner if isinstance(node, yaml.MappingNode) else [(one, one) for one in inner]
        found = next(((a, b) for place, (a, b) in enumerate(pairs) if part in (a.value, place)), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return line
