"""Bring results that others made: pull what DVC keeps of the default budget, then say what is left to do.

Snakemake unpacks the published results that came with git, and compares the key of each result with the one that it
would get today: nothing has to be marked as done.
"""

import subprocess
import sys


def main() -> int:
    """Return the exit status of the plan. Where there is nothing to pull, a line says so, and no more."""
    pulled = subprocess.run(("dvc", "pull"), capture_output=True, text=True, check=False)
    if pulled.returncode:
        sys.stderr.write(f"adopt: nothing pulled ({reason(pulled.stderr or pulled.stdout)}): `make run` makes it\n")
    return subprocess.run(("snakemake", "-n"), check=False).returncode


def reason(output: str) -> str:
    """Why a command failed, in one line: DVC's error alone, without the files that it lists around it."""
    errors = [line.removeprefix("ERROR: ").rstrip(":") for line in output.splitlines() if line.startswith("ERROR: ")]
    return errors[-1] if errors else " ".join(output.split())


if __name__ == "__main__":
    sys.exit(main())
