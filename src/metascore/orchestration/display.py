"""What a workflow writes to the terminal: one line of progress, failed jobs, and the plan of a dry run.

It takes the place of Snakemake's own handler. Snakemake's log file has the rest: each job and its reason.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import Any, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text
from snakemake.logging import ColorizingTextHandler, logger
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from metascore.orchestration import signals
from metascore.orchestration.work import EVALUATION, TRAINING, Work, job_of

SECONDS_BETWEEN_LINES = 30.0  # where there is no terminal
QUIET_RULES = ("split", "episodes", TRAINING, EVALUATION)  # what their jobs write stays in their logs
QUIETER = {"RULES", "PROGRESS", "ALL"}  # values of --quiet that leave nothing to display
# Beginnings of Snakemake's messages that the display replaces or that change nothing for the user.
NEEDLESS = ("RuleException:\nCalledProcessError", "Cannot restore", "Restored previous version", "--keep-incomplete")
STOPPED = "stopped: run the same command again to go on"
LOCKED = (
    "this folder is locked: another workflow runs in it, or one was killed. Wait for the other one; after a kill, run "
    "`snakemake --unlock` and then the same command again"
)


class Display(LogHandlerBase):
    """A handler of Snakemake's log."""

    writes_to_stream, writes_to_file, has_filter, has_formatter, needs_rulegraph = True, False, True, True, False

    def __init__(self, settings: Any, stream: TextIO, plan: Callable[[], str] | None = None) -> None:
        """`plan` gives the text of a dry run."""
        super().__init__(settings, None)
        self.stream, self.plan = stream, plan
        self.work: Work | None = None
        self.is_terminal = stream.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")
        self.console = Console(file=stream, force_terminal=self.is_terminal, color_system=None)
        self.live: Live | None = None
        self._ended = threading.Event()

    def begin(self, work: Work) -> None:
        """Show the progress of this work from now on."""
        self.work = work
        if self.is_terminal:
            self.live = Live(console=self.console, get_renderable=self._line, transient=True, redirect_stdout=False)
            self.live.start()
        else:
            threading.Thread(target=self._write_lines, args=(work,), daemon=True).start()

    def emit(self, record: Any) -> None:
        """Handle one of Snakemake's records. A fault of the display does not end the workflow."""
        try:
            self._handle(getattr(record, "event", None), record)
        except Exception:
            self.handleError(record)

    def close(self) -> None:
        """End the progress."""
        if not self._ended.is_set():
            self._ended.set()
            if self.live:
                self.live.stop()
            if signals.asked_to_end():
                self.write(STOPPED)
        super().close()

    def write(self, *lines: str) -> None:
        """Write lines that stay, above the progress."""
        for line in lines:
            self.console.print(Text(line), soft_wrap=True)

    def _line(self) -> Text:
        """The progress, as wide as the window is now, whatever COLUMNS says."""
        self.console.size = os.get_terminal_size(self.stream.fileno())
        text = Text(self.work.line() if self.work else "")
        text.truncate(self.console.width, overflow="ellipsis")
        return text

    def _write_lines(self, work: Work) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_LINES):
            self.write(work.line())

    def _handle(self, event: LogEvent | None, record: Any) -> None:
        if event in (None, LogEvent.ERROR):
            self._message(record, record.getMessage().rstrip())
        elif event == LogEvent.RUN_INFO and self.plan:
            self.write(self.plan())
            self.plan = None  # Snakemake sends this record twice
        elif self.work and event == LogEvent.JOB_INFO:
            begun = job_of(self.work.config, record.rule_name, record.rule_msg, record.wildcards, record.log)
            self.work.running[record.jobid] = begun
        elif self.work and event == LogEvent.JOB_FINISHED:
            job = self.work.end(record.job_id)
            self.write(*(job.lines() if job and job.rule not in QUIET_RULES else []))
        elif self.work and event == LogEvent.JOB_ERROR and not signals.asked_to_end():
            if job := self.work.end(record.jobid):
                self.write(f"failed: {job.message}: see {job.log}", *job.lines()[-1:])
        elif self.work and event == LogEvent.PROGRESS:
            self.work.done = record.done

    def _message(self, record: logging.LogRecord, text: str) -> None:
        if "Directory cannot be locked" in text:
            self.write(LOCKED)
            return
        is_needed = record.levelno >= logging.WARNING and text not in ("", "None") and not text.startswith(NEEDLESS)
        if text.startswith("Nothing to be done") or (is_needed and not signals.asked_to_end()):
            self.write(text)


def attach(workflow: Any, plan: Callable[[], str]) -> Display | None:
    """Put a display in the place of Snakemake's handler; None where the user chose another form or closed stderr.

    `snakemake --printshellcmds` (-p) has Snakemake's own lines, `--quiet` none, `--logger` those of a plugin.
    """
    settings = workflow.output_settings
    former = next((one for one in logger.handlers if isinstance(one, ColorizingTextHandler)), None)
    has_own_form = settings.printshellcmds or settings.verbose or settings.debug_dag
    is_quiet = QUIETER & {one.name for one in settings.quiet or ()}
    if not (former and former.stream) or has_own_form or is_quiet or (settings.stdout and not settings.dryrun):
        return None
    display = Display(settings, former.stream, plan if settings.dryrun else None)
    logger.removeHandler(former)
    logger.addHandler(display)
    return display
