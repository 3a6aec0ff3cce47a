"""The contract of all learners, as checks that `metascore check` and the contract tests run."""

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
        except Exception as error:  # an error in one check must not hide the other findings
            message = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            found.append(f"{check.__name__.replace('_', ' ')}: {' '.join(message.split())}")
    return found
