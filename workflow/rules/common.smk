# What the rules share: the jobs of this budget, and what happens before and after them. All else is in the package.

import os
import sys

# This folder's package, whatever folder the environment was made for.
SOURCE = os.path.normpath(os.path.join(workflow.current_basedir, "..", "..", "src"))
sys.path.insert(0, SOURCE)

from metascore.config.params import OMNIGLOT
from metascore.orchestration import needs, places, session, signals
from metascore.orchestration.configuration import load, unpack
from metascore.orchestration.jobs import EVALUATED, TRAINED, Jobs, one_of, with_key

session.lend_to_jobs(SOURCE)
session.begin(workflow.is_main_process)

JOBS = Jobs(load(config))
BUDGET = JOBS.config.budget
if workflow.is_main_process:
    unpack(JOBS.config)
GPUS = needs.gpus(workflow.is_main_process)
PAIR = "{wildcards.task}/{wildcards.learner}"


wildcard_constraints:
    task=r"[a-z][a-z0-9_]*",
    learner=r"[a-z][a-z0-9_]*",


onstart:
    session.start(workflow, JOBS, SHOWN, log)
    signals.pass_signals_on(workflow.local_exec)


onsuccess:
    session.end(JOBS)


onerror:
    session.end(JOBS, workflow.dag.needrun_jobs())
