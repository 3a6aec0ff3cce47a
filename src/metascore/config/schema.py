"""The schema of params.yaml: keys, types and ranges, before anything is resolved. Must not import torch."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from metascore.errors import UsageError

SCHEMA = Path(__file__).with_name("params.schema.yaml")


def check_schema(params: Any, path: str) -> None:
    """Raises UsageError where params.yaml (read from `path`) is not what the schema asks for."""
    try:
        error = jsonschema.exceptions.best_match(_validator().iter_errors(params))
    except TypeError as clash:  # jsonschema looks for a pattern in every key, and this one is no text
        raise UsageError(f"{path}: {_odd_key(params)!r}: keys are words: put it in quotes, or correct it") from clash
    if error is not None:
        raise UsageError(f"{path}: {key_path(error)}: {told(error)}")
    infinite = _not_finite(params)
    if infinite:
        raise UsageError(f"{path}: {infinite}: not a finite number: give one")


def check_values(values: dict[str, Any], schema: dict[str, Any], place: str) -> None:
    """Raises UsageError where an entry at a place of params.yaml is not what its own schema asks for."""
    error = jsonschema.exceptions.best_match(jsonschema.Draft202012Validator(schema).iter_errors(values))
    if error is not None:
        path = ".".join([place, *map(str, error.absolute_path)])
        raise UsageError(f"{path}: {told(error)}")


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(yaml.safe_load(SCHEMA.read_text(encoding="utf-8")))


def _odd_key(value: Any) -> Any:
    """The first key that is not text (YAML reads `on` and `1` as something else), or None."""
    if isinstance(value, list):
        return next((odd for odd in map(_odd_key, value) if odd is not None), None)
    if not isinstance(value, dict):
        return None
    own = (str(key) if key is None else key for key in value if not isinstance(key, str))
    return next((odd for odd in (*own, *map(_odd_key, value.values())) if odd is not None), None)


def _not_finite(value: Any, path: str = "") -> str:
    """The path of the first number in a nest of dictionaries and lists that is not finite, or ''."""
    if isinstance(value, float):
        return "" if math.isfinite(value) else path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return next(filter(None, (_not_finite(item, f"{path}.{key}".strip(".")) for key, item in pairs)), "")


def told(error: jsonschema.ValidationError) -> str:
    """What is wrong with a value, what is allowed, and the cure."""
    schema = error.schema if isinstance(error.schema, dict) else {}
    known = schema.get("properties", {}) if error.validator == "additionalProperties" else {}
    allowed = f" (allowed: {', '.join(sorted(known))})" if known else ""
    return f"{' '.join(error.message.split())[:200]}{allowed}: correct it in params.yaml"


def key_path(error: jsonschema.ValidationError) -> str:
    """The key that an error is about, such as learners.maml.inner_lr."""
    return ".".join(str(key) for key in error.absolute_path) or "top level"
