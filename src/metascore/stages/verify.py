"""Command verify: whether the results in a bundle are what its learner does, by the code and episodes that lie here.

No code of the bundle is run: its learner must be one of this tree, with the same code. Whoever wants another one reads
it and puts it here first.
"""

from __future__ import annotations

import ast
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from metascore.config import signatures
from metascore.config.params import Config
from metascore.errors import UserError
from metascore.orchestration import devices
from metascore.stages import evidence
from metascore.stages.evidence import Case, Refuted
from metascore.stages.vouch import as_read
from metascore.store import bundle
from metascore.store.bundle import Bundle
from metascore.store.leaks import check_leaks
from metascore.store.paths import DATA, Results
from metascore.training import machine

CHECKS: tuple[Callable[[Case], None], ...] = (  # the cheap ones first
    evidence.recipe_is_the_one_here,
    evidence.code_is_the_one_here,
    evidence.episodes_are_the_ones_here,
    evidence.length_is_the_recipes,
    evidence.axes_are_true,
    evidence.validation_score_is_the_recorded_one,
    evidence.scores_are_what_the_checkpoint_scores,
    evidence.first_steps_leave_the_same,
)

log = logging.getLogger(__name__)


def run(config: Config, path: Path, tolerance: float | None = None, whole: bool = False) -> None:
    """Say of each run in a bundle that it is what it says; `whole` trains the first of them to its end again.

    Raises UserError, naming each fault, where one is not.
    """
    with verified(config, path, tolerance, whole) as (_, packed, _results):
        log.info(
            "%s: verified: %d runs of %s by %s",
            path,
            len(packed.runs()),
            packed.manifest["learner"],
            packed.manifest["by"],
        )


@contextmanager
def verified(
    config: Config, path: Path, tolerance: float | None = None, whole: bool = False
) -> Iterator[tuple[Config, Bundle, Results]]:
    """A bundle that holds, its budget, and where its files lie meanwhile. Raises UserError where it doesn't hold."""
    packed = bundle.read(path)
    config = at_its_budget(config, packed)
    _check_learner(config, packed)
    _check_runs(config, packed)
    check_leaks(config, DATA)
    with tempfile.TemporaryDirectory(prefix="metascore-verify-") as folder:
        results = packed.lay_out(Path(folder))
        faults = _faults(config, packed, results, tolerance, whole)
        if faults:
            raise UserError(f"{path}: not verified: {'; '.join(faults)}")
        yield config, packed, results


def at_its_budget(config: Config, packed: Bundle) -> Config:
    """The configuration at the bundle's budget."""
    budget = packed.manifest["budget"]
    if budget not in config.budgets:
        raise UserError(f"{packed.path}: of budget {budget!r}, which is not defined here: get the newest version")
    return replace(config, budget=budget)


def _check_learner(config: Config, packed: Bundle) -> None:
    """The learner is here, with the same code: a bundle's own is read by people, and run by nobody."""
    learner = packed.manifest["learner"]
    cure = f"read {bundle.LEARNER} in it, and put it into learners/, with its entry, if you trust it"
    if learner not in config.learners:
        raise UserError(f"{packed.path}: learner {learner!r} is not one of this project: {cure}")
    here = signatures.path_of(config.entries[learner].file).read_bytes()
    if _tree(packed, packed.files.get(bundle.LEARNER, b"")) != _tree(packed, here):
        raise UserError(f"{packed.path}: its {bundle.LEARNER} is another one than {learner}'s here: {cure}")


def _tree(packed: Bundle, source: bytes) -> str:
    """The syntax tree of a file, which is not run."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"{packed.path}: its {bundle.LEARNER} is no Python ({error}): {bundle.CURE}") from error


def _check_runs(config: Config, packed: Bundle) -> None:
    """All seeds of all tasks are there, by the recipes of the budget."""
    learner = packed.manifest["learner"]
    expected = {one for one in config.runs() if one.learner == learner}
    missing = sorted(f"{one.task}/{one.seed}" for one in expected ^ set(packed.runs()))
    if missing:
        raise UserError(
            f"{packed.path}: not all runs of {learner} at budget {config.budget}, and no others: {', '.join(missing)}: "
            f"{bundle.CURE}"
        )
    for task in sorted({one.task for one in expected}):
        recipe = as_read(asdict(config.recipe(task, learner)))
        if packed.manifest["recipes"].get(task) != recipe:
            raise UserError(f"{packed.path}: its recipe for {task} is not the one of {config.budget}: {bundle.CURE}")


def _faults(config: Config, packed: Bundle, results: Results, tolerance: float | None, whole: bool) -> list[str]:
    """What is wrong with its runs, the first fault of each."""
    checks = (*CHECKS, evidence.training_to_the_end_leaves_the_checkpoint) if whole else CHECKS
    found = []
    with devices.claimed(), machine.prepared() as device:
        for number, job in enumerate(packed.runs()):
            case = Case(config, job, results, device, tolerance)
            reason = _first_fault(case, checks if number == 0 else CHECKS)
            said = "holds" if reason is None else reason
            log.info("%s/%s/%s: %s", job.task, job.learner, job.seed, said)
            found += [] if reason is None else [f"{job.task}/{job.seed}: {reason}"]
    return found


def _first_fault(case: Case, checks: tuple[Callable[[Case], None], ...]) -> str | None:
    try:
        for check in checks:
            check(case)
    except (Refuted, UserError) as reason:
        return str(reason)
    return None
