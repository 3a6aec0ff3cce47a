"""A learner's entry in params.yaml, and its row in a budget, resolved to a recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from metascore.config import schema, signatures
from metascore.config.documents import Document, Key, listed
from metascore.config.recipe import Recipe, Training
from metascore.config.signatures import Signature

ALL: Key = ("learners", "all")  # of a budget: a row for every learner
ITERATIONS = "iterations"  # of a budget: by task and learner
TRAINING = "training"
NO_NUMBERS = ("learner", "like", "trained_as", "for")  # keys of an entry that are not numbers of a recipe
DEFAULTS = Document("src/metascore/config/recipe.py", {TRAINING: dataclasses.asdict(Training())})


class Stated(NamedTuple):
    """A number, the file that states it, and its key there."""

    value: Any
    document: Document
    key: Key


Layer = dict[str, Stated]  # by the number's name: width, training.meta_lr


@dataclass(frozen=True)
class Entry:
    """One of `learners`, at a budget."""

    name: str
    params: Document
    budget: Document

    @property
    def key(self) -> Key:
        """The key of its entry in params.yaml, and of its row in a budget."""
        return ("learners", self.name)

    @cached_property
    def lineage(self) -> list[str]:
        """The entries that it is `like`, from the first on, and itself.

        Raises UsageError where one of them is not defined, or is like itself.
        """
        names, defined = [self.name], self.params.values["learners"]
        while (before := self.params.at(key := ("learners", names[0], "like"))) is not None:
            if before in names or before not in defined:
                reason = "is like this one in turn" if before in names else "is not defined"
                others = listed(defined.keys() - names) or "none, or delete it"
                raise self.params.wrong(key, f"{before!r} {reason}: choose from {others}")
            names.insert(0, before)
        return names

    @cached_property
    def file(self) -> str:
        """The name of its learner's file: what the first of its lineage states, or is called."""
        first = self.lineage[0]
        return str(self.params.at(("learners", first, "learner")) or first)

    @property
    def signature(self) -> Signature:
        """What its learner's file declares."""
        return signatures.of(self.file)

    @property
    def trained_as(self) -> str | None:
        """The entry whose trainings it is evaluated with: both train alike, and differ in prediction only."""
        name: str | None = self.params.at((*self.key, "trained_as"))
        return name

    def is_run(self, names: Iterable[str]) -> bool:
        """Whether it runs on a task (given the names of its problem and of itself): not where a section is null."""
        if self.name in self.budget.values["learners"] and self.budget.at(self.key) is None:
            return False
        sections = [document.at((*key, "for")) or {} for document, key in self._sections()]
        return all(section.get(name, {}) is not None for section in sections for name in names)

    def _sections(self) -> list[tuple[Document, Key]]:
        """The sections that state its numbers; a later section wins."""
        entries = [(self.params, ("learners", name)) for name in self.lineage]
        return [*entries, (self.budget, ALL), (self.budget, self.key)]

    def stated(self, names: Iterable[str]) -> Layer:
        """Every number of its recipe on a task (given the names of its problem and of itself).

        Later ones win: the defaults of `Training` and of the learner's fields; the entries that it is like, and its
        own; the budget's `all`, for numbers that the learner has; the budget's row for it; the measured iterations.
        Each section has its `for` the problem, then the task, laid over it.
        """
        names, own = tuple(names), Document(_shown(self.signature.path), self.signature.defaults)
        found = {name: Stated(one.at(key), one, key) for one in (DEFAULTS, own) for name, key in _numbers(one, ())}
        known = {*self.signature.types, *(found if self.signature.learns else ())}
        for document, section in self._sections():
            for part in (section, *((*section, "for", name) for name in names)):
                for name, key in _numbers(document, part):
                    if section != ALL or name in known:
                        found[name] = Stated(document.at(key), document, key)
        measured = (ITERATIONS, names[-1], self.trained_as or self.name)
        if (count := self.budget.at(measured)) is not None:
            found[f"{TRAINING}.{ITERATIONS}"] = Stated(count, self.budget, measured)
        return found

    def recipe(self, names: Iterable[str]) -> Recipe:
        """Its recipe on a task. Raises UsageError where a number is missing or of another type than its field."""
        stated, types, prefix = self.stated(names), self.signature.types, f"{TRAINING}."
        for name, kind in types.items():
            if name not in stated:
                raise self.params.wrong((*self.key, name), f"missing (for {[*names][-1]}): add it")
            value, document, key = stated[name]
            schema.check(document, key, kind, value)
        training = {name.removeprefix(prefix): one.value for name, one in stated.items() if name.startswith(prefix)}
        return Recipe(self.file, {name: stated[name].value for name in types}, Training(**training))


def _shown(path: Path) -> str:
    """A file of the package, relative to the current folder where it is in it."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _numbers(document: Document, section: Key) -> Iterator[tuple[str, Key]]:
    """The numbers that a section states, each with its key."""
    for name, value in (document.at(section) or {}).items():
        if name == TRAINING:
            yield from ((f"{TRAINING}.{inner}", (*section, TRAINING, inner)) for inner in value)
        elif name not in NO_NUMBERS:
            yield name, (*section, name)
