"""What every learner must do, whatever its method: the contract tests and `metascore check` ask for the same."""

from __future__ import annotations

from metascore.errors import UserError
from metascore.learners.base import file_of
from metascore.learners.learner_errors import learner_errors
from metascore.training.checks import mapping, meaning, purity
from metascore.training.checks.subject import Subject

CHECKS = (*meaning.CHECKS, *purity.CHECKS, *mapping.CHECKS)


def faults(subject: Subject) -> list[str]:
    """One line for each check that fails: what is wrong, and how to mend it."""
    found = []
    for check in CHECKS:
        try:
            with learner_errors(file_of(subject.learner())):
                check(subject)
        except Exception as error:  # one that breaks a check must not hide what the others find
            said = str(error) if isinstance(error, UserError) else " ".join(f"{type(error).__name__}: {error}".split())
            found.append(f"{check.__name__.replace('_', ' ')}: {said}")
    return found
