"""What happens around the jobs of a workflow: outputs of unknown origin are found, and what is to do is said."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from metascore.config.params import Pair
from metascore.orchestration import (
    cluster,
    curves,
    devices,
    display,
    drivers,
    finished,
    forecast,
    inheritance,
    outputs,
    own_packages,
    plan,
    preloading,
    published,
    signals,
    stand_ins,
    touching,
    watched,
    work,
)
from metascore.orchestration.display import Display
from metascore.orchestration.jobs import Jobs
from metascore.orchestration.work import Job, Work, job_of
from metascore.store import partial

OF_A_RUN = ("meta_train", "finetune")
ADOPTING = "METASCORE_ADOPTING"  # environment variable, set where files are about to be touched


def lend_to_jobs(source: str) -> None:
    """Have jobs run by the Python that runs Snakemake, activated or not, with the package that lies in `source`."""
    paths = {"PATH": str(Path(sys.executable).parent), "PYTHONPATH": source}
    for name, first in paths.items():
        os.environ[name] = os.pathsep.join([first, *filter(None, [os.environ.get(name)])])


def begin(is_main: bool) -> None:
    """Prepare the workflow, or one of its jobs that Snakemake starts by itself: it sees no GPU but its own."""
    signals.lead()
    if ADOPTING in os.environ:
        touching.without_pauses()
    if not is_main:
        cluster.hide_gpus_of_others()
    do_without_unusable_gpus()


def do_without_unusable_gpus() -> None:
    """Have jobs see no GPU where torch could use none: they would take turns for it, and compute on the CPU."""
    reason = drivers.why_unusable()
    if reason and devices.visible():
        os.environ[devices.VARIABLE] = ""
        _say(f"a GPU is listed that torch cannot use ({reason}): jobs compute on all cores of the CPU")


def reject_strangers(jobs: Jobs, is_adopted: bool) -> None:
    """Have files that are not as Snakemake's jobs left them made anew, unless they are about to be adopted."""
    if any(Path(".snakemake/locks").glob("*.lock")):
        return  # Snakemake ends, and `display` says why
    inheritance.inherit(Path())
    strangers = outputs.reject_strangers(jobs.outputs())
    finished.forget(jobs.results, jobs.config.trainings(), outputs.is_recorded)
    is_adopted = is_adopted or ADOPTING in os.environ  # Snakemake says that it touches only after it has read the rules
    if strangers and jobs.config.is_published and not is_adopted:
        _protect(jobs, strangers)
    if strangers and not is_adopted:
        _say(outputs.told(strangers))
    for line in [*own_packages.warnings(jobs.config), *watched.warnings(jobs.config, jobs.data_sets())]:
        _say(line)
    stand_in = _stand_in(jobs)
    if stand_in:
        _say(stand_in.line)
        outputs.distrust(jobs.fetched() if stand_in.gives_way else [])


def _stand_in(jobs: Jobs) -> stand_ins.StandIn | None:
    """Glyphs where the budget wants Omniglot."""
    return stand_ins.found(jobs.config.data) if jobs.fetched() else None


def _protect(jobs: Jobs, strangers: list[str]) -> None:
    """Train nothing anew that came with the project and is what would be made."""
    differences = jobs.differences()
    runs = [run for run in published.those_here(jobs.config) if run not in differences]
    if any(str(jobs.results.checkpoint(run)) in strangers for run in runs):
        sys.exit(f"{jobs.results.folder}: came with the project, and is not adopted yet: run `make adopt`")


def watch(workflow: Any, jobs: Jobs) -> Display | None:
    """Have people see few lines of a workflow that is about to begin or, in a dry run, its plan: see `display`."""

    def planned() -> str:
        dag = workflow.dag
        causes = [(_job(jobs, job), plan.cause_of(dag.reason(job))) for job in dag.needrun_jobs()]
        return plan.text(jobs.config, [one for one in causes if one[0].rule != "all"], *_places(workflow))

    return display.attach(workflow, planned)


def start(workflow: Any, jobs: Jobs, shown: Display | None, logs: list[str]) -> None:
    """Say how many runs are to do and how long they may take, and where the rest is said; prepare for the jobs.

    What a dead workflow left in a cluster's queue is ended first: this one has the lock now.
    """
    orphans = cluster.end_orphans(Path())
    if orphans:
        _say(f"cancelled {len(orphans)} jobs that a workflow which is gone had left in Slurm's queue")
    _spare_published(jobs, workflow.dag)
    planned = [_job(jobs, job) for job in workflow.dag.needrun_jobs()]
    runs = [run for job in planned if job.rule == work.TRAINING for run in job.runs]
    places, kind = _places(workflow)
    if runs:
        _say(forecast.forecast(jobs.config, runs, places, kind))
        curves.follow(jobs.config)
    if workflow.local_exec:
        _prepare_here(workflow, planned, jobs.config.budget)
    if shown is not None:
        _say(f"each job and its command: {', '.join(logs)}; its output: a file in logs/")
        display.keep_jobs_to_their_logs()
        shown.begin(Work(jobs.config, planned, places))


def _spare_published(jobs: Jobs, dag: Any) -> None:
    """Train nothing anew that came with the project only because its data are about to be made, for other runs.

    To Snakemake a run is out of date where the job of one of its inputs runs, whatever comes of it.
    """
    if not jobs.config.is_published or ADOPTING in os.environ:
        return
    again = [
        job.wildcards for job in dag.needrun_jobs() if job.rule.name in OF_A_RUN and dag.reason(job).updated_input_run
    ]
    different = jobs.differences()
    if any(published.is_here(jobs.results, run) and run not in different for run in jobs.runs(again)):
        command = f"snakemake --until episodes --config budget={jobs.config.budget}"
        sys.exit(f"{jobs.results.folder}: make the data for other runs first: `{command}`")


def _places(workflow: Any) -> tuple[int, str]:
    """How many jobs may run at once, and on what."""
    return (workflow.cores, "cores") if workflow.local_exec else (workflow.nodes, "nodes")


def _prepare_here(workflow: Any, planned: Sequence[Job], budget: str) -> None:
    """For jobs of this machine: torch is imported for them once, and no limit holds on how many begin in a second.

    For that limit Snakemake looks at all waiting jobs every second, once more for each job that has ended.
    """
    workflow.scheduler.job_rate_limiter = None
    if sum(job.rule in preloading.RULES for job in planned) > 1:
        preloading.start(budget)


def _job(jobs: Jobs, job: Any) -> Job:
    """One of Snakemake's jobs."""
    wildcards = job.wildcards_dict
    message = None if "task" in wildcards else job.message
    return job_of(jobs.config, job.rule.name, message, wildcards, map(str, job.log))


def remember(jobs: Jobs) -> None:
    """Remember what was made, and say what it was made from."""
    outputs.remember(jobs.outputs())
    finished.forget(jobs.results, jobs.config.trainings(), outputs.is_recorded)
    stand_in = _stand_in(jobs)
    if stand_in:
        _say(stand_in.line)


def give_up(jobs: Jobs, unfinished: Iterable[Any]) -> None:
    """Remember what was made, and that the outputs of `unfinished`, Snakemake's jobs, are not what they should be.

    A report whose job failed was put back, and Snakemake recorded it as that job's. Where runs failed, and nobody asked
    for an end, the others are reported.
    """
    unfinished = list(unfinished)
    remember(jobs)
    outputs.distrust(file for job in unfinished for file in map(str, job.output) if Path(file).exists())
    if not signals.asked_to_end() and any(job.rule.name == "aggregate" for job in unfinished):
        failed = [job.wildcards for job in unfinished if job.rule.name in OF_A_RUN]
        _report_the_others(jobs, {(run.task, run.learner) for run in failed})


def _report_the_others(jobs: Jobs, failed: set[Pair]) -> None:
    """Have the runs that are done reported, and say where, if there are both such and others."""
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
    if sys.stderr:  # None where it is closed
        sys.stderr.write(f"{line}\n")
