"""Bring results that others made: unpack and check those of git, pull those of DVC, then say what is left to do.

A result is done where its key is the one that it would get today: nothing has to be marked as done.
"""

import subprocess
import sys

from metascore.config.loading import load
from metascore.errors import UserError
from metascore.store import packs, revisions
from metascore.store.status import Statuses


def main() -> int:
    """Return 1 where results of git were edited or damaged, and else the exit status of the default budget's plan.

    Where there is nothing to pull, a line says so, and no more.
    """
    try:
        sys.stdout.writelines(f"adopted: {unpacked(budget)}\n" for budget in load().published_budgets())
    except UserError as error:
        sys.stderr.write(f"adopt: {error}\n")
        return 1
    pulled = subprocess.run(("dvc", "pull"), env=revisions.environment(), capture_output=True, text=True, check=False)
    if pulled.returncode:
        sys.stderr.write(f"adopt: nothing pulled ({reason(pulled.stderr or pulled.stdout)}): `make run` makes it\n")
    return subprocess.run(("snakemake", "-n"), check=False).returncode


def unpacked(budget: str) -> str:
    """Unpack and check the results of a published budget; return how many of its runs are done.

    Raises UserError where they were edited or damaged.
    """
    statuses = Statuses(load(budget=budget))
    folder = statuses.results.folder
    packs.unpack(folder)
    packs.check(folder)
    runs = statuses.config.runs()
    done = [run for run in runs if statuses.evaluation(run).is_done]
    return f"{len(done)} of {len(runs)} runs of {budget}, as git has them"


def reason(output: str) -> str:
    """Why a command failed, in one line: DVC's error alone, without the files that it lists around it."""
    errors = [line.removeprefix("ERROR: ").rstrip(":") for line in output.splitlines() if line.startswith("ERROR: ")]
    return errors[-1] if errors else " ".join(output.split())


if __name__ == "__main__":
    sys.exit(main())
