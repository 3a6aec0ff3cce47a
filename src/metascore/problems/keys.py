"""The keys of a task in params.yaml: the fields of its problem's class, with their types."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, NotRequired, get_type_hints

from metascore.bounds import Positive

NO_KEY = {"key": False}  # metadata of a field that a task can't state


@cache
def task_keys(problem: type[Any]) -> dict[str, Any]:
    """The type of each key of a task (beside `problem`), for pydantic; a key with a default may be missing."""
    types = get_type_hints(problem, include_extras=True)
    found = {}
    for field in dataclasses.fields(problem):
        if field.init and field.metadata != NO_KEY:
            kind = Positive if types[field.name] is int else types[field.name]
            found[field.name] = kind if field.default is dataclasses.MISSING else NotRequired[kind]
    return found
