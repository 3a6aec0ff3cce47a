"""The keys of a task in params.yaml: the fields of its problem's class, as a JSON schema."""

from __future__ import annotations

import dataclasses
from typing import Any

NO_KEY = {"key": False}  # metadata of a field that a task can't state
TYPES: dict[str, dict[str, Any]] = {
    "int": {"type": "integer", "minimum": 1, "maximum": 100000000},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
}


def schema(problem: type[Any]) -> dict[str, Any]:
    """JSON schema of a task's keys (beside `problem`): the fields, with what their metadata say of them."""
    keys = [field for field in dataclasses.fields(problem) if field.init and field.metadata != NO_KEY]
    properties = {key.name: TYPES[str(key.type)] | dict(key.metadata) for key in keys}
    needed = [key.name for key in keys if key.default is dataclasses.MISSING]
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": needed}
