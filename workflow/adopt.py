"""Make files that DVC or git brought count as done in Snakemake, after checking them.

Snakemake takes pulled, cloned or checked-out files for unfinished work. Those of the default budget count as done when
all that dvc.lock recorded (code, parameters, inputs and outputs) is what lies here; otherwise none of them is adopted.
Results of published budgets come with git, each run with a record of what it was made by: those count as done that
today's code and parameters would make. So do the runs of a budget that is named: after code of data and episodes was
changed, and makes the same files, Snakemake would train them anew.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from metascore.config import loading
from metascore.config.params import Run
from metascore.errors import UserError
from metascore.orchestration import published, session
from metascore.orchestration.jobs import Jobs
from metascore.store import packs

TOUCH = ("--touch", "--cores", "1", "--quiet", "all")


class Refused(Exception):
    """The files here can't be adopted: one line that says why and what to do."""


def main() -> int:
    """Adopt the budgets that are named, or each published one and the default one.

    The exit status is 0 where there was anything to adopt.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("budget", nargs="*", help="whose runs are to count as done, where they are what would be made")
    named = parser.parse_args().budget
    steps: list[Callable[[], str]] = [partial(adopt_named, budget) for budget in named]
    try:
        if not named:
            steps = [*(partial(adopt_published, jobs) for jobs in brought()), adopt_recorded]
    except UserError as error:
        sys.stderr.write(f"adopt: {error}\n")
        return 1
    done = [adopted(step) for step in steps]
    return 0 if any(done) else 1


def adopted(step: Callable[[], str]) -> bool:
    """Whether a step had something to adopt; says what, or why not."""
    try:
        sys.stdout.write(f"adopted: {step()}\n")
    except (Refused, UserError) as refusal:
        sys.stderr.write(f"adopt: {refusal}\n")
        return False
    return True


def brought() -> list[Jobs]:
    """The published budgets of which runs lie here, once they are unpacked."""
    every = [Jobs(loading.load(budget=budget)) for budget in loading.load().published_budgets()]
    for jobs in every:
        packs.unpack(jobs.results.folder)
    return [jobs for jobs in every if published.those_here(jobs.config)]


def adopt_named(budget: str) -> str:
    """Have data and episodes made, and let Snakemake accept the runs that were made from such; says what was done."""
    jobs = Jobs(loading.load(budget=budget))
    call("snakemake", "--until", "episodes", "--config", f"budget={budget}", cure="run it to see more")
    differences, here = jobs.differences(), published.those_here(jobs.config)
    runs = [run for run in here if run not in differences]
    if not runs:
        raise Refused(f"{jobs.results.folder}: no run lies here that would be made so: run `metascore vouch`")
    touch(jobs, [file for run in runs for file in files_of(jobs, run)])
    others = f"; the others are to be made, such as {first_of(differences)}" if differences else ""
    return f"{len(runs)} of {len(jobs.config.runs())} runs of {budget}, as they lie here{others}"


def adopt_published(jobs: Jobs) -> str:
    """Let Snakemake accept the runs that git brought, and the report where all of them lie here; says what was done."""
    runs = adoptable(jobs)
    whole = len(runs) == len(jobs.config.runs()) and all(Path(file).is_file() for file in report(jobs))
    touch(jobs, [*(file for run in runs for file in files_of(jobs, run)), *(report(jobs) if whole else [])])
    return f"{len(runs)} of {len(jobs.config.runs())} runs of {jobs.config.budget}, as git has them"


def adoptable(jobs: Jobs) -> list[Run]:
    """The runs that lie here. Raises Refused where one of them is not what would be made."""
    differences = jobs.differences()
    if differences:
        raise Refused(
            f"{jobs.results.folder}: {len(differences)} of its runs are not what would be made, such as "
            f"{first_of(differences)}: undo changes, or see `metascore vouch`"
        )
    return published.those_here(jobs.config)


def first_of(differences: Mapping[Run, str]) -> str:
    """One of them in words."""
    run, what = next(iter(differences.items()))
    return f"{run.task}/{run.learner}/{run.seed} ({what} differs)"


def touch(jobs: Jobs, files: list[str]) -> None:
    """Let Snakemake accept these files (one training may serve several runs) and no data, which other budgets share."""
    options = ("--force", *TOUCH, "--config", f"budget={jobs.config.budget}")
    call("snakemake", *dict.fromkeys(files), *options, cure="run `snakemake -n` to see what Snakemake says")


def files_of(jobs: Jobs, run: Run) -> list[str]:
    """All files of a run."""
    return [str(getattr(jobs.results, name)(run)) for name in published.FILES]


def report(jobs: Jobs) -> list[str]:
    """What `aggregate` makes."""
    return [*jobs.plain_report(), *(one.file for one in jobs.shown_report())]


def adopt_recorded() -> str:
    """Pull, check, adopt, and check that Snakemake agrees; says what was done."""
    call("dvc", "pull", cure="give DVC the remote that has the files, or make them by `make run`")
    check_lock()
    call("snakemake", "--forceall", *TOUCH, cure="run `snakemake -n` to see what Snakemake says")
    check_nothing_to_do()
    return "what dvc.lock recorded lies here, and Snakemake has nothing to do"


def call(*command: str, cure: str) -> str:
    """The standard output of a command that has to succeed."""
    environment = {**os.environ, session.ADOPTING: "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"`{' '.join(command)}` failed ({reason(done.stderr or done.stdout)}): {cure}")
    return done.stdout


def reason(said: str) -> str:
    """What a command said, in one line; DVC's error alone, without the files that it lists around it."""
    errors = [line.removeprefix("ERROR: ").rstrip(":") for line in said.splitlines() if line.startswith("ERROR: ")]
    return errors[-1] if errors else " ".join(said.split())


def check_lock() -> None:
    """Code, parameters, inputs and outputs are those that dvc.lock recorded."""
    status: dict[str, Any] = json.loads(call("dvc", "status", "--json", cure="run it to see more"))
    if status:
        raise Refused(f"dvc.lock is not of these files ({', '.join(status)}): commit or undo changes, or `dvc repro`")


def check_nothing_to_do() -> None:
    """Snakemake plans no job, and has a record of every one."""
    plan = subprocess.run(("snakemake", "-n"), capture_output=True, text=True, check=False)
    said = plan.stdout + plan.stderr
    if plan.returncode or "Nothing to be done" not in said or "missing provenance" in said:
        raise Refused("Snakemake still plans jobs: run `snakemake -n` to see which, and `dvc repro` to make them")


if __name__ == "__main__":
    sys.exit(main())
