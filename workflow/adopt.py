"""Make files that DVC brought count as done in Snakemake, after checking them against dvc.lock.

Snakemake takes pulled or checked-out files for unfinished work. They count as done when all that dvc.lock
recorded (code, parameters, inputs and outputs) is what lies here; otherwise nothing is adopted.
"""

import json
import subprocess
import sys
from typing import Any

TOUCH = ("snakemake", "--touch", "--forceall", "--cores", "1", "--quiet", "all")


class Refused(Exception):
    """The files here can't be adopted: one line that says why and what to do."""


def main() -> int:
    """Pull, check, adopt, and check that Snakemake agrees; returns the exit status."""
    try:
        call("dvc", "pull", cure="give DVC the remote that has the files, or make them by `make run`")
        check_lock()
        call(*TOUCH, cure="run `snakemake -n` to see what Snakemake says")
        check_nothing_to_do()
    except Refused as refusal:
        sys.stderr.write(f"adopt: {refusal}\n")
        return 1
    sys.stdout.write("adopted: what dvc.lock recorded lies here, and Snakemake has nothing to do\n")
    return 0


def call(*command: str, cure: str) -> str:
    """The standard output of a command that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = " ".join((done.stderr or done.stdout).split())
        raise Refused(f"`{' '.join(command)}` failed ({reason}): {cure}")
    return done.stdout


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
