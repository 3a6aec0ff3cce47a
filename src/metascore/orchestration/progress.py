"""How far a workflow is: what Snakemake told of its jobs, and what these have written so far."""

import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from metascore.config.params import Config, Run
from metascore.errors import UserError
from metascore.files import read_array
from metascore.orchestration import forecast
from metascore.store.paths import Results

TRAINING, JUDGING = "meta_train", "finetune"  # the rules whose jobs are of a run
ITERATION = re.compile(r"iteration (\d+)/(\d+), .*validation (\S+),")  # as `training.progress` says it
RESUMED = re.compile(r"going on from iteration (\d+)")
SURE = 0.02  # of the work, until which only the forecast knows how long it takes


class Job(NamedTuple):
    """One of Snakemake's: its rule, what it says it does, the run that it is of, and its log."""

    rule: str
    message: str
    run: Run | None
    log: Path | None


class State(NamedTuple):
    """How far a job is, in shares of its work, and its last validation score."""

    done: float = 0.0
    before: float = 0.0  # what was done when it was started, by another training that was stopped
    score: float | None = None


def job_of(rule: str, message: str | None, wildcards: Mapping[str, str], logs: Iterable[str]) -> Job:
    """A job from what Snakemake records of it."""
    of_run = {"task", "learner", "seed"} <= wildcards.keys()
    run = Run(wildcards["task"], wildcards["learner"], int(wildcards["seed"])) if of_run else None
    return Job(rule, message or rule, run, next(map(Path, logs), None))


def last_word(job: Job) -> list[str]:
    """The line in which a job that failed or was stopped says why, if it does."""
    return lines_of(job)[-1:]


def lines_of(job: Job) -> list[str]:
    """What a job has said."""
    try:
        return job.log.read_text(encoding="utf-8", errors="replace").splitlines() if job.log else []
    except OSError:
        return []


@dataclass
class Work:
    """The jobs of a workflow at one budget, on some cores, from now on."""

    config: Config
    planned: list[Job]
    cores: int
    done: int = 0
    spent: float = 0.0  # seconds of forecast, on jobs that have ended
    saved: float = 0.0  # seconds of forecast that they found done
    running: dict[int, Job] = field(default_factory=dict)  # by Snakemake's numbers
    scores: dict[Run, float] = field(default_factory=dict)  # after the last step, the mean over test episodes

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self._trainings = forecast.seconds_of(self.config, [job.run for job in self.planned if job.run])
        self._whole = sum(map(self._seconds, self.planned))
        again = {job.run for job in self.planned}
        for run in self.config.runs():
            if run not in again:
                self._read_score(run)

    def begin(self, number: int, job: Job) -> None:
        """A job was started."""
        self.running[number] = job

    def end(self, number: int) -> Job | None:
        """A job has ended, well or not; returns it where it was known."""
        job = self.running.pop(number, None)
        if job:
            saved = self._seconds(job) * _state(job).before
            self.spent, self.saved = self.spent + self._seconds(job) - saved, self.saved + saved
        if job and job.rule == JUDGING and job.run:
            self._read_score(job.run)
        return job

    def seconds_left(self) -> float:
        """At the speed so far; at the beginning, as forecast."""
        running = [(self._seconds(job), _state(job)) for job in self.running.values()]
        spent = self.spent + sum(seconds * (state.done - state.before) for seconds, state in running)
        whole = self._whole - self.saved - sum(seconds * state.before for seconds, state in running)
        if spent <= SURE * whole:
            return whole / self.cores
        return max(0.0, (whole - spent) * (time.monotonic() - self.began) / spent)

    def line(self) -> str:
        """Jobs done, time left, and what is being done."""
        doing = ", ".join(self._doing(job) for job in self.running.values())
        left = forecast.duration(self.seconds_left())
        return f"{self.done} of {len(self.planned)} jobs, about {left} left" + (f": {doing}" if doing else "")

    def table(self) -> list[str]:
        """A line a task: its learners, the best first, each with the mean over those of its seeds that are judged."""
        return [f"{task}: {', '.join(ranked)}" for task in self.config.tasks if (ranked := self._ranked(task))]

    def _seconds(self, job: Job) -> float:
        """As forecast."""
        if job.rule == TRAINING and job.run:
            return self._trainings[job.run]
        return forecast.SECONDS_OF_JOB.get(job.rule, forecast.SECONDS_OF_OTHERS)

    def _doing(self, job: Job) -> str:
        if job.run is None or job.rule not in (TRAINING, JUDGING):
            return job.message
        name = f"{job.run.task}/{job.run.learner}/{job.run.seed}"
        if job.rule == JUDGING:
            return f"judging {name}"
        part, _, score = _state(job)
        scale = self.config.tasks[job.run.task].scale
        known = f", validation {score * scale.factor:.{scale.digits}f}{scale.unit}" if score is not None else ""
        return f"training {name} ({part:.0%}{known})"

    def _ranked(self, task: str) -> list[str]:
        scale, seeds = self.config.tasks[task].scale, len(self.config.seeds_of(task))
        found: dict[str, list[float]] = {}
        for run, score in self.scores.items():
            if run.task == task:
                found.setdefault(run.learner, []).append(score)
        best_first = sorted(found, key=lambda learner: mean(found[learner]), reverse=scale.higher_is_better)
        return [
            f"{name} {mean(found[name]) * scale.factor:.{scale.digits}f}"
            + ("" if len(found[name]) == seeds else f" ({len(found[name])} of {seeds} seeds)")
            for name in best_first
        ]

    def _read_score(self, run: Run) -> None:
        path, scale = Results.of(self.config).score(run), self.config.tasks[run.task].scale
        with suppress(UserError, IndexError):  # what is wrong with it, its reader says
            self.scores[run] = float(scale.counted(read_array(path, "")[:, -1]).mean())


def _state(job: Job) -> State:
    """Of a training; others say nothing of it."""
    lines = lines_of(job) if job.rule == TRAINING else []
    found, resumed = _last(ITERATION, lines), _last(RESUMED, lines)
    if found is None:
        return State()
    done, whole, before = int(found[1]), int(found[2]), int(resumed[1]) if resumed else 0
    return State(*((done / whole, before / whole) if whole else (1.0, 0.0)), float(found[3]))


def _last(pattern: re.Pattern[str], lines: list[str]) -> re.Match[str] | None:
    return next((match for line in reversed(lines) if (match := pattern.search(line))), None)
