"""The keys of a task in params.yaml: the fields of its problem's class, with their types."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Annotated, Any, NotRequired, get_type_hints

from pydantic import Field

NO_KEY = {"key": False}  # metadata of a field that a task can't state
POSITIVE = Annotated[int, Field(ge=1, le=100_000_000)]  # an int field without bounds of its own


@cache
def task_keys(problem: type[Any]) -> dict[str, Any]:
    """The type of each key of a task (beside `problem`), for pydantic; a key with a default may be missing."""
    types = get_type_hints(problem, include_extras=True)
    found = {}
    for field in dataclasses.fields(problem):
        if field.init and field.metadata != NO_KEY:
            kind = POSITIVE if types[field.name] is int else types[field.name]
            found[field.name] = kind if field.default is dataclasses.MISSING else NotRequired[kind]
    return found
