"""Command calibrate: how many iterations fill the seconds that a budget gives each training.

Seconds are processor time on this machine. The iterations are written into the budget's file and are the same on every
machine from then on: equal time here is equal work everywhere.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from metascore.config import documents
from metascore.config.entries import ITERATIONS
from metascore.config.params import Config
from metascore.config.trainings import Pair
from metascore.errors import UsageError
from metascore.files import write_text
from metascore.learners import base
from metascore.problems.base import Problem
from metascore.problems.examples import Episodes
from metascore.stages import data, pictures, split
from metascore.store.paths import DATA, PICTURES
from metascore.training import machine, pace
from metascore.training.loop import TrainingRun

MEASURED = 3.0  # seconds of meta-steps behind each number
EPISODES = 512  # a new one in each meta-step, or nearly
DIGITS = 3  # significant digits of a number of iterations
SPLITS = DATA / "splits"

log = logging.getLogger(__name__)


def run(config: Config, learners: list[str], seconds: float | None = None) -> None:
    """Measure these learners (none: all), and write `iterations` and the seconds into params/{budget}.yaml.

    Raises UsageError, before anything is measured, where a learner has nothing to train or seconds are missing.
    """
    pairs = _pairs(config, learners)
    limits = {task: _seconds(config, task, seconds) for task, _ in pairs}
    with machine.prepared() as device:
        found = {(task, learner): _iterations(config, task, learner, limits[task], device) for task, learner in pairs}
    _write(config, found, seconds)


def _pairs(config: Config, learners: list[str]) -> list[Pair]:
    """The tasks and learners to measure: an entry that is trained as another one has the other's iterations."""
    entries = config.entries
    measured = {name for name, one in entries.items() if one.signature.learns and one.trained_as is None}
    trained = [(task, learner) for task, learner in config.trained_pairs() if learner in measured]
    known = list(dict.fromkeys(learner for _, learner in trained))
    for learner in learners:
        if learner not in known:
            raise UsageError(f"{learner}: nothing to train at budget {config.budget}: one of {', '.join(known)}")
    return [(task, learner) for task, learner in trained if not learners or learner in learners]


def _seconds(config: Config, task: str, given: float | None) -> float:
    seconds = config.seconds(task) if given is None else given
    if seconds is None:
        raise UsageError(f"{config.of_budget.file}: seconds: missing for {task}: add it, or give --seconds")
    if not seconds > 0:
        raise UsageError(f"--seconds {seconds}: not a time: give a positive number")
    return seconds


def _iterations(config: Config, task: str, learner: str, seconds: float, device: torch.device) -> int:
    """How many meta-steps fill the seconds, rounded."""
    recipe, problem = config.recipe(task, learner), config.training_problem(task, learner).sized(DATA)
    subject = base.load(recipe.learner, problem, recipe.hyper_parameters)
    episodes = _episodes(config, problem, device)
    training = TrainingRun(subject, subject, episodes, episodes, recipe.training, seed=0)
    found = pace.measured(training, device, MEASURED)
    count = int(float(f"{found.iterations(seconds):.{DIGITS}g}"))
    log.info("%s/%s: %.1f ms a meta-step: %d iterations in %g s", task, learner, 1000 * found.step, count, seconds)
    return count


def _episodes(config: Config, problem: Problem, device: torch.device) -> Episodes:
    """Training episodes, drawn now: a budget without iterations may have no episode files yet."""
    sources = [DATA / name for name in problem.drawn_from(config.split["name"])]
    inputs = [DATA / name for name in problem.inputs]
    for path in (*inputs, *sources):
        if not path.exists():
            _make(config, path)
    rows: np.ndarray = problem.draw("train", EPISODES, config.episodes, sources)
    return problem.episodes(rows, problem.read(inputs, device))


def _make(config: Config, path: Path) -> None:
    """Make a file of data as the workflow does."""
    log.info("%s: missing: made now", path)
    if SPLITS in path.parents:
        split.run(config, path.relative_to(SPLITS).with_suffix("").as_posix())
    elif PICTURES in path.parents:
        pictures.run(config, path.parent.name)
    else:
        data.run(config)


def _write(config: Config, found: Mapping[Pair, int], seconds: float | None) -> None:
    """Replace `iterations` in the budget's file, and `seconds` where they were given; the rest stays."""
    path, budget = Path(config.of_budget.file), config.of_budget.values
    rows = {task: dict(learners) for task, learners in budget.get(ITERATIONS, {}).items()}
    for (task, learner), count in found.items():
        rows.setdefault(task, {})[learner] = count
    lines = [f"{ITERATIONS}: # that fill `seconds` on one core: by `metascore calibrate --budget {config.budget}`"]
    for task, counts in rows.items():
        ordered = sorted(counts, key=config.learners.index)
        lines += [f"  {task}:", *(f"    {learner}: {counts[learner]}" for learner in ordered)]
    text = with_section(path.read_text(encoding="utf-8"), ITERATIONS, "\n".join(lines) + "\n")
    if seconds is not None:
        text = with_section(text, "seconds", f"seconds: {seconds:g}\n")
    expected = budget | {ITERATIONS: rows} | ({} if seconds is None else {"seconds": seconds})
    if documents.parsed(text, str(path)).values != expected:
        raise UsageError(f"{path}: cannot be edited: put `{ITERATIONS}:` at the margin, after everything else")
    write_text(path, text)


def with_section(text: str, key: str, section: str) -> str:
    """A YAML text in which this section replaces the one of the same key at the margin, or is added at the end."""
    found = re.compile(rf"^{key}:.*?(?=^[^\s]|\Z)", re.DOTALL | re.MULTILINE).search(text)
    if found is None:
        return text.rstrip("\n") + "\n" + section
    return text[: found.start()] + section + text[found.end() :]
