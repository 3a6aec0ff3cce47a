"""What people see of a workflow at work: lines that live in a terminal, short plain ones elsewhere.

A handler of Snakemake's log behind the interface of its logger plugins. It takes the place of the default one, while
the log's file has everything: each job, why it runs, its command. What jobs say goes to logs of their own; of one that
fails, the last line is said here.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from snakemake.logging import ColorizingTextHandler, DefaultFilter, logger
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from metascore.orchestration import progress
from metascore.orchestration.progress import Job, Work
from metascore.orchestration.screen import Screen

SECONDS_IN_TERMINAL, SECONDS_ELSEWHERE = 1.0, 30.0  # between two looks
LOGS = "a file in logs/"
CHATTER = (
    "Assuming unrestricted",
    "Building DAG",
    "Using shell",
    "Conda environments",
    "Singularity containers",
    "Select jobs",
    "RuleException:\nCalledProcessError",  # beside what the job itself says
)
ROUTINE = ("split", "episodes", progress.TRAINING, progress.JUDGING)  # rules whose jobs say nothing that all must know
QUIETER = {"RULES", "PROGRESS", "ALL"}  # what --quiet may name that leaves nothing to show


class LiveHandler(LogHandlerBase):
    """Tells how far the work is, and what went wrong."""

    writes_to_stream, writes_to_file, has_filter, has_formatter, needs_rulegraph = True, False, True, True, False

    def __init__(self, settings: Any, screen: Screen, plan: Callable[[], str] | None) -> None:
        """`plan` says what would be done, in a dry run."""
        super().__init__(settings, None)
        self.screen, self.plan = screen, plan
        self.work: Work | None = None
        self._ended, self._failed = threading.Event(), set[int]()
        self._planned = False

    def begin(self, work: Work) -> None:
        """From now on, show how far it is."""
        self.work = work
        threading.Thread(target=self._look, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one of Snakemake's records."""
        told: dict[Any, Callable[[Any], None]] = {
            None: self._message,
            LogEvent.ERROR: self._message,
            LogEvent.RUN_INFO: self._planned_jobs,
            LogEvent.JOB_INFO: self._begun,
            LogEvent.JOB_FINISHED: self._ended_well,
            LogEvent.JOB_ERROR: self._ended_badly,
            LogEvent.PROGRESS: self._progress,
        }
        try:
            told.get(getattr(record, "event", None), _nothing)(record)
        except Exception:  # nobody's work ends because it could not be told
            self.handleError(record)

    def close(self) -> None:
        """Say the last lines: what stopped jobs said, and the table."""
        self._ended.set()
        with self._alone():
            if self.work is not None:
                words = [line for job in self.work.running.values() for line in progress.last_word(job)]
                self.screen.show()
                self.screen.say(*words, *self.work.table())
                self.work = None
        super().close()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def _look(self) -> None:
        """Show it again and again: a training may take hours without a word of Snakemake's."""
        while not self._ended.wait(SECONDS_IN_TERMINAL if self.screen.is_terminal else SECONDS_ELSEWHERE):
            with self._alone():
                self._show()

    def _show(self) -> None:
        if self.work is None:
            return
        if self.screen.is_terminal:
            self.screen.show(self.work.line(), *self.work.table())
        else:
            self.screen.say(self.work.line())

    def _message(self, record: logging.LogRecord) -> None:
        text = record.getMessage().rstrip()
        is_chatter = text.startswith(CHATTER) or (self._planned and record.levelno == logging.INFO)
        if text not in ("", "None") and not is_chatter:
            self.screen.say(text)

    def _planned_jobs(self, record: Any) -> None:
        if self.plan is not None and not self._planned:
            self._planned = True
            self.screen.say(self.plan())

    def _begun(self, record: Any) -> None:
        if self.work is not None:
            job = progress.job_of(record.rule_name, record.rule_msg, record.wildcards, record.log)
            self.work.begin(record.jobid, job)

    def _ended_well(self, record: Any) -> None:
        job = self._end(record.job_id)
        if job is not None and job.rule not in ROUTINE:
            self.screen.say(*progress.lines_of(job))

    def _ended_badly(self, record: Any) -> None:
        if record.jobid in self._failed:  # Snakemake says it again at the end
            return
        self._failed.add(record.jobid)
        job = self._end(record.jobid)
        if job is not None:
            self.screen.say(f"failed: {job.message}: see {job.log}", *progress.last_word(job))

    def _end(self, number: int) -> Job | None:
        return self.work.end(number) if self.work is not None else None

    def _progress(self, record: Any) -> None:
        if self.work is not None:
            self.work.done = record.done
            if self.screen.is_terminal:
                self._show()


def _nothing(record: Any) -> None:
    """What the log's file has is enough."""


def attach(workflow: Any, plan: Callable[[], str]) -> LiveHandler | None:
    """Take the place of what would write each job to the terminal; None where that is what the user asked for.

    `snakemake --printshellcmds` (-p) has Snakemake's own lines, `--quiet` none, `--logger` another's.
    """
    settings = workflow.output_settings
    former = next((one for one in logger.handlers if isinstance(one, ColorizingTextHandler)), None)
    is_dry, is_other = settings.dryrun, settings.printshellcmds or settings.verbose or settings.debug_dag
    if (
        former is None
        or is_other
        or (settings.stdout and not is_dry)
        or QUIETER & {one.name for one in settings.quiet or ()}
    ):
        return None
    handler = LiveHandler(settings, Screen(former.stream), plan if is_dry else None)
    logger.removeHandler(former)
    logger.addHandler(handler)
    return handler


def keep_jobs_to_their_logs() -> None:
    """What jobs that start from now on say goes to their logs alone, and those have their commands."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.__stdout__.fileno() if sys.__stdout__ else 1)
    os.close(nowhere)
    for handler in logger.handlers:
        for one in handler.filters:
            if isinstance(handler, logging.FileHandler) and isinstance(one, DefaultFilter):
                one.printshellcmds = True
