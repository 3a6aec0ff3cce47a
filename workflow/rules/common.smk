# What the rules share: the jobs of this budget, and what happens before and after them. All else is in the package.

import os
import sys

from metascore.orchestration import forecast, lock, outputs, signals
from metascore.orchestration.jobs import Jobs, code, gpus, load, section

lock.register(signals.lead())

# Jobs run by the Python that runs Snakemake, activated or not.
os.environ.update(PATH=os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)]))

JOBS = Jobs(load(config))
BUDGET = JOBS.config.budget
RUN_OF_JOB = "{wildcards.task}/{wildcards.learner}/{wildcards.seed}"


wildcard_constraints:
    task=r"[a-z][a-z0-9_]*",
    learner=r"[a-z][a-z0-9_]*",
    seed=r"\d+",


def reject_strangers(workflow):
    """Have files that are not as Snakemake's jobs left them made anew. Only the process that plans jobs does so."""
    if not workflow.is_main_process:
        return
    if lock.is_held():
        print("another workflow is at work in this folder: wait for it, or end it", file=sys.stderr)
        return
    strangers = outputs.reject_strangers(JOBS.outputs())
    if strangers and not workflow.touch:
        print(outputs.told(strangers), file=sys.stderr)


def announce(workflow):
    """Say how many runs are to do and how long they may take."""
    runs = JOBS.runs(job.wildcards for job in workflow.dag.needrun_jobs() if job.rule.name == "meta_train")
    if runs:
        print(forecast.forecast(JOBS.config, runs, workflow.cores), file=sys.stderr)


onstart:
    announce(workflow)
    signals.pass_signals_on()


onsuccess:
    outputs.remember(JOBS.outputs())


onerror:
    outputs.remember(JOBS.outputs())
