"""A learner's entry in params.yaml, and what a budget says of it, resolved to a recipe."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from metascore.config import defaults, signatures
from metascore.config.documents import Document, Key
from metascore.config.overlay import TRAINING, Layer, Stated, layer, overlaid
from metascore.config.recipe import Recipe, Training
from metascore.errors import UsageError

EVERYONE: Key = ("learners", "all")  # of a budget: a row for every learner
ITERATIONS = "iterations"  # of a budget: by task and learner


@dataclass(frozen=True)
class Entry:
    """One of `learners`, at a budget."""

    name: str
    params: Document
    budget: Document

    @cached_property
    def lineage(self) -> list[str]:
        """The entries that it is `like`, from the first on, and itself.

        Raises UsageError where one of them is not defined, or like one of those that are like it.
        """
        names = [self.name]
        while (before := self.params.at(self._like(names[0]))) is not None:
            if before in names or before not in self.params.values["learners"]:
                raise self._no_ancestor(before, names)
            names.insert(0, before)
        return names

    def _no_ancestor(self, before: str, names: list[str]) -> UsageError:
        others = ", ".join(sorted(self.params.values["learners"].keys() - names)) or "none, or delete it"
        reason = "is like this one in turn" if before in names else "is not defined"
        return self.params.wrong(self._like(names[0]), f"{before!r} {reason}: choose from {others}")

    @staticmethod
    def _like(name: str) -> Key:
        return ("learners", name, "like")

    @cached_property
    def file(self) -> str:
        """Its file in learners/: what the first of its lineage names, or is called."""
        first = self.lineage[0]
        return str(self.params.at(("learners", first, "learner")) or first)

    @property
    def shares_training(self) -> str | None:
        """The entry whose seeds are its own: both train alike, and differ in prediction only."""
        name: str | None = self.params.at(("learners", self.name, "paired_with"))
        return name

    @property
    def row(self) -> Key:
        """The key of what the budget says of this learner alone."""
        return ("learners", self.name)

    def is_run(self, names: Iterable[str]) -> bool:
        """Whether it has runs on a task (the names of its problem and of itself): not where something says null."""
        rows = self.budget.at(("learners",)) or {}
        if self.name in rows and rows[self.name] is None:
            return False
        sections = [document.at((*key, "for")) or {} for document, key in self.sections()]
        return all(section.get(name, {}) is not None for section in sections for name in names)

    def sections(self) -> list[tuple[Document, Key]]:
        """Where its numbers are stated; a later section wins."""
        entries = [(self.params, ("learners", name)) for name in self.lineage]
        return [*entries, (self.budget, EVERYONE), (self.budget, self.row)]

    def stated(self, names: Iterable[str]) -> Layer:
        """Every number of its recipe on a task, with the place that states it.

        The defaults of the training and of the learner's fields; the entries that it is like, and its own; the
        budget's `all`, as far as the learner has such a number; the budget's row for it. Each section has its `for`
        for the problem and for the task laid over it; the last that states a number wins. How long it is trained
        on the task may be measured: see `length`.
        """
        known, names = self.known(), tuple(names)
        layers = [layer(document, key, names) for document, key in self.sections()]
        *entries, everyone, own = layers
        everyone = {name: stated for name, stated in everyone.items() if name in known}
        measured = self.length(names[-1])
        return overlaid([defaults.of_training(), defaults.of_learner(self.file), *entries, everyone, own, measured])

    def length(self, task: str) -> Layer:
        """The iterations that `metascore calibrate` wrote into the budget for it, or its twin, on a task, if it did."""
        key = (ITERATIONS, task, self.shares_training or self.name)
        iterations = self.budget.at(key)
        if iterations is None:
            return {}
        return {f"{TRAINING}.{ITERATIONS}": Stated(iterations, self.budget.place(key), key)}

    def known(self) -> set[str]:
        """The numbers that a section may state of it: its learner's fields, and how it is trained if it learns."""
        training = defaults.of_training() if signatures.learns(self.file) else {}
        return {*signatures.fields(self.file), *training}

    def recipe(self, names: Iterable[str]) -> Recipe:
        """Its recipe on a task."""
        hyper_parameters: dict[str, Any] = {}
        training: dict[str, Any] = {}
        for name, stated in self.stated(names).items():
            section, _, key = name.rpartition(".")
            (training if section == TRAINING else hyper_parameters)[key] = stated.value
        ordered = {name: hyper_parameters[name] for name in signatures.fields(self.file)}
        return Recipe(self.file, ordered, Training(**training))
