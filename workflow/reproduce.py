"""Make all results anew from a clean clone of the last commit, and compare them with those that the commit holds.

The clone gets an environment of its own. It lies in the system's temporary folder, and is removed at the end.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

from metascore.errors import UserError
from metascore.files import read_json
from metascore.orchestration.reproduction import Results, compare


def main() -> int:
    """Returns the exit status: 0 where the results agree."""
    with tempfile.TemporaryDirectory(prefix="metascore-reproduce-") as folder:
        clone = Path(folder) / "metascore"
        try:
            subprocess.run(("git", "clone", "--quiet", ".", str(clone)), check=True)
            published = read(clone)
            subprocess.run(("make", "--no-print-directory", "-C", str(clone), "run"), check=True)
            verdict = compare(published, read(clone))
        except (subprocess.CalledProcessError, UserError) as error:
            sys.stderr.write(f"reproduce: {error}\n")
            return 1
    sys.stdout.writelines(f"reproduce: {line}\n" for line in verdict.lines)
    return 0 if verdict.agree else 1


def read(project: Path) -> Results:
    """The results that lie in a project's folder."""
    results = project / "results"
    return Results(read_json(results / "digests.json"), pd.read_csv(results / "tables" / "scores.csv"))


if __name__ == "__main__":
    sys.exit(main())
