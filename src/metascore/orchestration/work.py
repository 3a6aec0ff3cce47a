"""How much of a workflow is done, and how long the rest may take: from Snakemake's records and the jobs' logs."""

import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from metascore.config.params import Config, Run
from metascore.orchestration import forecast

SEEDS = re.compile(r"_\d+_seeds$")  # the end of the name of a rule for tasks that have fewer seeds
TRAINING, EVALUATION = "meta_train", "finetune"  # the rules whose jobs belong to runs
# What `training.progress` and `stages.train` write: the seed, the iteration, the iterations in all, the score.
STEP = re.compile(r"/(\d+): (?:going on from )?iteration (\d+)(?:/(\d+), .*validation ([^ ,]+))?")
PACE_KNOWN = 0.02  # the share of the work after which the time left is computed from this workflow's pace


class Job(NamedTuple):
    """One of Snakemake's jobs: its rule, its message, the runs that it trains or evaluates, and its log."""

    rule: str
    message: str
    runs: tuple[Run, ...] = ()
    log: Path | None = None

    def lines(self) -> list[str]:
        """Its log."""
        try:
            return self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log else []
        except OSError:
            return []


class State(NamedTuple):
    """The done share of a training, the share that was done when its job began, and the last validation score."""

    done: float = 0.0
    before: float = 0.0
    score: float | None = None


def job_of(config: Config, rule: str, message: str | None, wildcards: Mapping[str, str], logs: Iterable[str]) -> Job:
    """A job from Snakemake's record of it."""
    runs: list[Run] = []
    if {"task", "learner"} <= wildcards.keys():
        task = wildcards["task"]
        runs = [Run(task, wildcards["learner"], seed) for seed in config.seeds_of(task)]
    return Job(SEEDS.sub("", rule), message or rule, tuple(runs), next(map(Path, logs), None))


def state_of(job: Job) -> State:
    """How far a job is. Only trainings write it to their log."""
    steps = [step for line in job.lines() if (step := STEP.search(line))] if job.rule == TRAINING else []
    last = next((step for step in reversed(steps) if step[3]), None)
    if last is None:
        return State()
    seeds, iterations, first = [run.seed for run in job.runs], max(1, int(last[3])), steps[0]
    done = seeds.index(int(last[1])) + int(last[2]) / iterations
    before = seeds.index(int(first[1])) + (0 if first[3] else int(first[2]) / iterations)  # goes on from there
    return State(done / len(seeds), before / len(seeds), float(last[4]))


class Work:
    """The planned jobs of a workflow, `places` of which run at the same time."""

    def __init__(self, config: Config, planned: list[Job], places: int) -> None:
        self.config, self.planned, self.places = config, planned, places
        self.running: dict[int, Job] = {}  # by Snakemake's numbers
        self.done, self.spent, self.saved = 0, 0.0, 0.0  # jobs; seconds of the estimate: worked here, done before
        self.began = time.monotonic()

    def end(self, number: int) -> Job | None:
        """Count a job that has ended, and return it."""
        if job := self.running.pop(number, None):
            saved = self._seconds(job) * state_of(job).before
            self.spent, self.saved = self.spent + self._seconds(job) - saved, self.saved + saved
        return job

    def line(self) -> str:
        """The number of done jobs, the time left, and what runs."""
        running = [(job, state_of(job)) for job in list(self.running.values())]
        doing = ", ".join(self._doing(job, state) for job, state in running)
        return f"{self.done} of {len(self.planned)} jobs, {self._left(running)} left" + (f": {doing}" if doing else "")

    def _left(self, running: list[tuple[Job, State]]) -> str:
        spent = self.spent + sum(self._seconds(job) * (state.done - state.before) for job, state in running)
        saved = self.saved + sum(self._seconds(job) * state.before for job, state in running)
        whole = sum(map(self._seconds, self.planned)) - saved
        if spent <= PACE_KNOWN * whole:
            return forecast.time_range(whole / self.places, forecast.BEFORE)
        return forecast.time_range((whole - spent) * (time.monotonic() - self.began) / spent, forecast.MEASURED)

    def _seconds(self, job: Job) -> float:
        """The estimate for a job."""
        if job.rule == TRAINING:
            return sum(forecast.training_seconds(self.config, run) for run in job.runs)
        return max(1, len(job.runs)) * forecast.SECONDS_OF_JOB.get(job.rule, 1.0)

    def _doing(self, job: Job, state: State) -> str:
        if state.score is None:
            return job.message
        scale = self.config.tasks[job.runs[0].task].scale
        return f"{job.message} ({state.done:.0%}, validation {scale.factor * state.score:.{scale.digits}f}{scale.unit})"
