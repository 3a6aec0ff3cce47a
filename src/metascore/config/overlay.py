"""What sections of the configuration say of a run, laid over each other. Each number keeps the place that states it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from metascore.config.documents import Document, Key, Place

ABOUT_THE_ENTRY = ("learner", "like", "paired_with", "for")  # keys that are no numbers of a recipe
TRAINING = "training"


class Stated(NamedTuple):
    """A number, the place that states it, and its key there."""

    value: Any
    place: Place
    key: Key


Layer = dict[str, Stated]  # by the number's name: width, training.meta_lr


def layer(document: Document, section: Key, names: Iterable[str]) -> Layer:
    """What a section says of a run: its own numbers, and over them those of its `for` for each of these names."""
    stated = _numbers(document, section)
    for name in names:
        stated |= _numbers(document, (*section, "for", name))
    return stated


def overlaid(layers: Iterable[Layer]) -> Layer:
    """Each number as the last layer states it that has it."""
    both: Layer = {}
    for one in layers:
        both |= one
    return both


def _numbers(document: Document, section: Key) -> Layer:
    own = {key: (*section, key) for key in document.at(section) or {} if key not in (*ABOUT_THE_ENTRY, TRAINING)}
    training = (*section, TRAINING)
    keys = own | {f"{TRAINING}.{key}": (*training, key) for key in document.at(training) or {}}
    return {name: Stated(document.at(key), document.place(key), key) for name, key in keys.items()}
