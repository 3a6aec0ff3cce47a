"""Sections of params.yaml laid over each other."""

from __future__ import annotations

from typing import Any


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid over `base`, dictionary by dictionary."""
    both = {
        key: merged(base[key], value)
        for key, value in over.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return base | over | both


def restricted(over: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """The part of `over` whose keys the entry states."""
    return {
        key: restricted(value, entry[key]) if isinstance(value, dict) else value
        for key, value in over.items()
        if key in entry
    }
