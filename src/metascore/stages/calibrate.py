"""Command calibrate: how many iterations fill the seconds that a budget gives each training.

Seconds are those of the processor on this machine. The numbers go into the budget's file, where they stay what they
are on every machine: equal time here is equal work everywhere.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import yaml

from metascore.config.entries import ITERATIONS, Entry
from metascore.config.params import Config
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
DIGITS = 3  # that a number keeps
SPLITS = DATA / "splits"

log = logging.getLogger(__name__)

Rows = dict[str, dict[str, int]]  # iterations by task and learner


def run(config: Config, learners: list[str], seconds: float | None = None) -> None:
    """Measure these learners (none: all), and write `iterations` and the seconds into params/{budget}.yaml.

    Raises UsageError where a learner has nothing to train, and before anything is measured where seconds are missing.
    """
    pairs = _pairs(config, learners)
    limits = {task: _seconds(config, task, seconds) for task, _ in pairs}
    with machine.prepared() as device:
        found = {(task, learner): _iterations(config, task, learner, limits[task], device) for task, learner in pairs}
    _write(config, found, seconds)


def _pairs(config: Config, learners: list[str]) -> list[tuple[str, str]]:
    """The tasks and learners to measure: of two that train alike, one."""
    trained = [pair for pair in config.trained_pairs() if _is_measured(config.entries[pair[1]])]
    known = list(dict.fromkeys(learner for _, learner in trained))
    for learner in learners:
        if learner not in known:
            raise UsageError(f"{learner}: nothing to train at budget {config.budget}: one of {', '.join(known)}")
    return [(task, learner) for task, learner in trained if not learners or learner in learners]


def _is_measured(entry: Entry) -> bool:
    return entry.signature.learns and entry.trained_as is None


def _seconds(config: Config, task: str, given: float | None) -> float:
    seconds = config.seconds(task) if given is None else given
    if seconds is None:
        raise UsageError(f"{config.of_budget.file}: seconds: says nothing of {task}: add it, or give --seconds")
    if not seconds > 0:
        raise UsageError(f"--seconds {seconds}: not a time: give a positive number")
    return seconds


def _iterations(config: Config, task: str, learner: str, seconds: float, device: torch.device) -> int:
    found = pace.measured(_setting(config, task, learner, device), device, MEASURED)
    count = _rounded(found.iterations(seconds))
    log.info("%s/%s: %.1f ms a meta-step: %d iterations in %g s", task, learner, 1000 * found.step, count, seconds)
    return count


def _rounded(count: int) -> int:
    """With as many digits as the measurement is worth."""
    return int(float(f"{count:.{DIGITS}g}"))


def _setting(config: Config, task: str, learner: str, device: torch.device) -> TrainingRun:
    recipe, problem = config.recipe(task, learner), config.training_problem(task, learner).sized(DATA)
    subject = base.load(recipe.learner, problem, recipe.hyper_parameters)
    episodes = _episodes(config, problem, device)
    return TrainingRun(subject, subject, episodes, episodes, recipe.training, seed=0)


def _episodes(config: Config, problem: Problem, device: torch.device) -> Episodes:
    """Training episodes that are drawn for the occasion, since a budget without lengths has no files yet."""
    sources = [DATA / name for name in problem.drawn_from(config.split["name"])]
    inputs = [DATA / name for name in problem.inputs]
    for path in (*inputs, *sources):
        if not path.exists():
            _make(config, path)
    rows: np.ndarray = problem.draw("train", EPISODES, config.episodes, sources)
    return problem.episodes(rows, problem.read(inputs, device))


def _make(config: Config, path: Path) -> None:
    """Make a file of data as the workflow does, which cannot be asked before lengths are known."""
    log.info("%s: missing: made now", path)
    if SPLITS in path.parents:
        split.run(config, path.relative_to(SPLITS).with_suffix("").as_posix())
    elif PICTURES in path.parents:
        pictures.run(config, path.parent.name)
    else:
        data.run(config)


def _write(config: Config, found: Mapping[tuple[str, str], int], seconds: float | None) -> None:
    """Replace what the budget's file says of iterations, and of seconds where they were given; the rest stays."""
    path, budget = Path(config.of_budget.file), config.of_budget.values
    rows: Rows = {task: dict(learners) for task, learners in budget.get(ITERATIONS, {}).items()}
    for (task, learner), count in found.items():
        rows.setdefault(task, {})[learner] = count
    text = with_section(path.read_text(encoding="utf-8"), ITERATIONS, _section(config, rows))
    if seconds is not None:
        text = with_section(text, "seconds", f"seconds: {seconds:g}\n")
    expected = budget | {ITERATIONS: rows} | ({} if seconds is None else {"seconds": seconds})
    if yaml.safe_load(text) != expected:
        raise UsageError(f"{path}: cannot be edited: put `{ITERATIONS}:` at the margin, after everything else")
    write_text(path, text)


def _section(config: Config, rows: Rows) -> str:
    """As the file has it, learners in the order of their entries."""
    lines = [f"{ITERATIONS}: # that fill `seconds` on one core: by `metascore calibrate --budget {config.budget}`"]
    for task, counts in rows.items():
        ordered = sorted(counts, key=config.learners.index)
        lines += [f"  {task}:", *(f"    {learner}: {counts[learner]}" for learner in ordered)]
    return "\n".join(lines) + "\n"


def with_section(text: str, key: str, section: str) -> str:
    """A YAML text with this section instead of the one of the same key at the margin, or at its end."""
    found = re.compile(rf"^{key}:.*?(?=^[^\s]|\Z)", re.DOTALL | re.MULTILINE).search(text)
    if found is None:
        return text.rstrip("\n") + "\n" + section
    return text[: found.start()] + section + text[found.end() :]
