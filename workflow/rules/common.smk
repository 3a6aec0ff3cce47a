# What the rules share: the jobs of this budget, and what happens before and after them. All else is in the package.

import os
import sys

# This folder's package, whatever folder the environment was made for.
SOURCE = os.path.normpath(os.path.join(workflow.current_basedir, "..", "..", "src"))
sys.path.insert(0, SOURCE)

from metascore.orchestration import lock, outputs, session, signals
from metascore.orchestration.jobs import Jobs, code, gpus, load, section

session.lend_to_jobs(SOURCE)
session.do_without_unusable_gpus()
lock.register(signals.lead())

JOBS = Jobs(load(config))
BUDGET = JOBS.config.budget
RUN_OF_JOB = "{wildcards.task}/{wildcards.learner}/{wildcards.seed}"


wildcard_constraints:
    task=r"[a-z][a-z0-9_]*",
    learner=r"[a-z][a-z0-9_]*",
    seed=r"\d+",


onstart:
    session.announce(JOBS, workflow.dag.needrun_jobs(), workflow.cores)
    session.preload(workflow.dag.needrun_jobs(), workflow.local_exec)
    signals.pass_signals_on()


onsuccess:
    outputs.remember(JOBS.outputs())


onerror:
    session.give_up(JOBS, workflow.dag.needrun_jobs())
