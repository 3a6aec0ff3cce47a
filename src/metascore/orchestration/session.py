"""What happens before, around and after the jobs of a workflow."""

import io
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from snakemake.persistence.file import FilePersistence

from metascore.config.params import Pair
from metascore.errors import UserError
from metascore.orchestration import cluster, display, forecast, plan, signals, work
from metascore.orchestration.display import Display
from metascore.orchestration.jobs import Jobs
from metascore.orchestration.work import Job, Work, job_of
from metascore.store import partial, stand_ins


def lend_to_jobs(source: str) -> None:
    """Have jobs run by the Python that runs Snakemake, activated or not, with the package that lies in `source`."""
    paths = {"PATH": str(Path(sys.executable).parent), "PYTHONPATH": source}
    for name, first in paths.items():
        os.environ[name] = os.pathsep.join([first, *filter(None, [os.environ.get(name)])])


def begin(is_main: bool) -> None:
    """Prepare the workflow, or one of its jobs that Snakemake starts by itself: it sees no GPU but its own."""
    sys.stderr = sys.stderr or io.StringIO()  # None where it is closed
    signals.lead()
    if not is_main:
        cluster.hide_gpus_of_others()


def let_keys_decide(jobs: Jobs) -> None:
    """Mark stale results as incomplete, which Snakemake makes anew (`rerun-incomplete`), and done ones as complete.

    Snakemake has no public way to say this; the constraints pin the version that this was tried with.
    """
    if any(Path(".snakemake/locks").glob("*.lock")):
        return  # Snakemake ends, and `display` says why
    records = FilePersistence()
    for status, files in jobs.results_here():
        if status.is_stale:
            records._mark_incomplete(files[0], None)  # one file is enough
        else:
            for file in files:
                records._unmark_incomplete(file)
    _warn_of_stand_in(jobs)


def _warn_of_stand_in(jobs: Jobs) -> None:
    stand_in = stand_ins.found(jobs.config.data) if jobs.fetched() else None
    if stand_in:
        _say(stand_in.line)


def watch(workflow: Any, jobs: Jobs) -> Display | None:
    """Show a few lines of a workflow that is about to begin or, in a dry run, its plan: see `display`."""

    def planned() -> str:
        dag = workflow.dag
        causes = [(_job(jobs, job), plan.cause_of(dag.reason(job))) for job in dag.needrun_jobs()]
        causes = [(job, jobs.reason(job.rule, job.runs) or cause) for job, cause in causes]
        causes = [(job, cause) for job, cause in causes if job.rule not in plan.TARGETS]
        return plan.text(jobs.config, len(jobs.done()), causes, *_places(workflow))

    return display.attach(workflow, planned)


def start(workflow: Any, jobs: Jobs, shown: Display | None, logs: list[str]) -> None:
    """Write how many runs are to do and how long they may take; cancel jobs that a killed workflow left on Slurm."""
    orphans = cluster.end_orphans(Path())
    if orphans:
        _say(f"cancelled {len(orphans)} jobs that a killed workflow had left in Slurm's queue")
    planned = [_job(jobs, job) for job in workflow.dag.needrun_jobs()]
    runs = [run for job in planned if job.rule == work.TRAINING for run in job.runs]
    places, kind = _places(workflow)
    if any(job.rule == "download" for job in planned):
        _check_mirror(jobs)
    if runs:
        busy = forecast.others_per_core() if workflow.local_exec else 0.0
        _say(forecast.forecast(jobs.config, runs, places, kind, busy))
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None  # it would look at all waiting jobs every second
    if shown is not None:
        _say(f"each job and its reason: {', '.join(logs)}; its output: a file in logs/")
        shown.begin(Work(jobs.config, planned, places))


def _check_mirror(jobs: Jobs) -> None:
    """End the workflow before its first job where the mirror is wrong; other jobs would run for minutes before."""
    from metascore.data import download  # here, because few workflows download anything

    try:
        download.check_mirror(jobs.config.data["sources"])
    except UserError as error:
        sys.exit(f"data: {error}")


def _places(workflow: Any) -> tuple[int, str]:
    """How many jobs may run at once, and on what."""
    return (workflow.cores, "cores") if workflow.local_exec else (workflow.nodes, "nodes")


def _job(jobs: Jobs, job: Any) -> Job:
    """One of Snakemake's jobs."""
    wildcards = job.wildcards_dict
    message = None if "task" in wildcards else job.message
    return job_of(jobs.config, job.rule.name, message, wildcards, map(str, job.log))


def end(jobs: Jobs, unfinished: Iterable[Any] = ()) -> None:
    """Report the runs that are done where others failed and nobody asked for an end; `unfinished` are jobs."""
    _warn_of_stand_in(jobs)
    unfinished = list(unfinished)
    if not signals.asked_to_end() and any(job.rule.name == "aggregate" for job in unfinished):
        failed = [job.wildcards for job in unfinished if "task" in job.wildcards_dict]
        _report_the_others(jobs, {(one.task, one.learner) for one in failed})


def _report_the_others(jobs: Jobs, failed: set[Pair]) -> None:
    others = set(jobs.config.pairs()) - failed
    if not failed or not others:
        return
    names = [f"{task}/{learner}" for task, learner in sorted(failed)]
    command = (sys.executable, "-m", "metascore", "aggregate", "--budget", jobs.config.budget, "--without", *names)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in done.stderr.splitlines():
        _say(line)
    if done.returncode == 0:
        _say(f"missing: {', '.join(names)}; of the others there is a report in {jobs.results.folder / partial.FOLDER}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
