"""The schema of params.yaml and of a budget: keys, types and ranges, before anything is resolved. Imports no torch."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from metascore.config.documents import Document, Key


@contextmanager
def _not_installed(module: str) -> Iterator[None]:
    """Let a module that only some use look as if it were not there, unless somebody uses it."""
    known = module in sys.modules
    sys.modules.setdefault(module, None)  # type: ignore[arg-type]
    yield
    if not known:
        del sys.modules[module]


with _not_installed("rfc3987_syntax"):  # a grammar of addresses, which no schema here has: a second and a half
    import jsonschema

SCHEMA = Path(__file__).with_name("params.schema.yaml")
LENGTH = 200  # of what jsonschema says: it repeats whole sections
JSON = jsonschema.Draft202012Validator
WHOLE = JSON.TYPE_CHECKER.redefine("integer", lambda checker, value: type(value) is int)  # to JSON 5.0 is one too
Validator = jsonschema.validators.extend(JSON, type_checker=WHOLE)


def check_schema(name: str, document: Document) -> None:
    """Raises UsageError where a file is not what the schema asks for: `name` is that of a definition in it."""
    odd = next(_odd_keys(document.values, ()), None)
    if odd is not None:
        raise document.wrong(odd, f"{odd[-1]!r}: keys are words: put it in quotes, or correct it")
    check_values(document, (), _schema(name))
    infinite = next(_not_finite(document.values, ()), None)
    if infinite is not None:
        raise document.wrong(infinite, "not a finite number: give one")


def check_values(document: Document, key: Key, schema: dict[str, Any]) -> None:
    """Raises UsageError where what a file says at a key is not what a schema asks for."""
    values = document.at(key) if key else document.values
    error = jsonschema.exceptions.best_match(Validator(schema).iter_errors(values))
    if error is not None:
        raise document.wrong((*key, *_culprit(error)), _told(error))


@cache
def _definitions() -> dict[str, Any]:
    return dict(yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["$defs"])


def _schema(name: str) -> dict[str, Any]:
    return {**_definitions()[name], "$defs": _definitions()}


def _culprit(error: jsonschema.ValidationError) -> Key:
    """The key that an error is about: of unknown ones, the first."""
    key = tuple(error.absolute_path)
    return (*key, *_unknown(error)[:1])


def _unknown(error: jsonschema.ValidationError) -> list[str]:
    """The keys that a section has and its schema hasn't."""
    if error.validator != "additionalProperties" or not isinstance(error.schema, dict):
        return []
    known, patterns = error.schema.get("properties", {}), error.schema.get("patternProperties", {})
    section: Any = error.instance
    return [key for key in section if key not in known and not any(re.search(one, key) for one in patterns)]


def _told(error: jsonschema.ValidationError) -> str:
    """What is wrong with a value, what is allowed, and the cure."""
    if _unknown(error):
        schema = error.schema if isinstance(error.schema, dict) else {}
        known, patterns = sorted(schema.get("properties", {})), list(schema.get("patternProperties", {}))
        return f"unknown: one of {', '.join(known)}" if known else f"not a name: names are {' or '.join(patterns)}"
    if error.validator == "not":
        return "not allowed here: delete it"
    return f"{' '.join(error.message.split())[:LENGTH]}: correct it"


def _odd_keys(value: Any, key: Key) -> Iterator[Key]:
    """The keys that are no text (YAML reads `on` and `1` as something else)."""
    for name, inner in _items(value):
        if isinstance(value, dict) and not isinstance(name, str):
            yield (*key, name)
        yield from _odd_keys(inner, (*key, name))


def _not_finite(value: Any, key: Key) -> Iterator[Key]:
    """The keys of numbers that are not finite."""
    if isinstance(value, float) and not math.isfinite(value):
        yield key
    for name, inner in _items(value):
        yield from _not_finite(inner, (*key, name))


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    """Names or places, and what is there."""
    yield from value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
