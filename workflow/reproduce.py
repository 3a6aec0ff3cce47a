"""Make results anew from a clean clone of the last commit, and compare them with those that the commit holds.

All of a budget's (the default budget's where none is given), or with `--sample` one run of each learner on each task.
The clone gets an environment of its own. It lies in the system's temporary folder, and is removed at the end.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from metascore.config.loading import load
from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import read_json
from metascore.orchestration.reproduction import Results, Verdict, compare, compare_sample
from metascore.store import packs, paths
from metascore.store.digests import of_content


def main() -> int:
    """Returns the exit status: 0 where the results agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", help="a file in params/")
    parser.add_argument("--sample", action="store_true", help="one run of each learner on each task")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="metascore-reproduce-") as folder:
        clone = Path(folder) / "metascore"
        try:
            subprocess.run(("git", "clone", "--quiet", ".", str(clone)), check=True)
            config = load(clone / "params.yaml", options.budget)
            verdict = sample(clone, config) if options.sample else whole(clone, config)
        except (subprocess.CalledProcessError, UserError) as error:
            sys.stderr.write(f"reproduce: {error}\n")
            return 1
    sys.stdout.writelines(f"reproduce: {line}\n" for line in verdict.lines)
    return 0 if verdict.agree else 1


def whole(clone: Path, config: Config) -> Verdict:
    """Every result of a budget."""
    published = read(clone, config)
    make(clone, config)
    return compare(published, read(clone, config))


def sample(clone: Path, config: Config) -> Verdict:
    """The first seed of each learner on each task."""
    results = paths.Results.of(config)
    published = read_json(results.digests)
    runs = [run for run in config.runs() if run.seed == min(config.seeds)]
    make(clone, config, *(str(results.score(run)) for run in runs))
    files = [path for run in runs for path in (results.checkpoint(run), results.score(run))]
    anew = {path.relative_to(results.folder).as_posix(): of_content(clone / path) for path in files}
    machine: dict[str, Any] = read_json(clone / results.record(runs[0]))["machine"]
    return compare_sample(published, anew, machine)


def make(clone: Path, config: Config, *targets: str) -> None:
    """Set a clone up, and have its workflow make these files, or all. Published runs are left packed."""
    shutil.rmtree(clone / packs.folder_of(paths.Results.of(config).folder), ignore_errors=True)
    subprocess.run(("make", "--no-print-directory", "-C", str(clone), "setup"), check=True)
    command = (str(clone / ".venv/bin/snakemake"), *targets, "--config", f"budget={config.budget}")
    subprocess.run(command, cwd=clone, check=True)


def read(project: Path, config: Config) -> Results:
    """The results of a budget that lie in a project's folder."""
    results = paths.Results(project / paths.Results.of(config).folder)
    return Results(read_json(results.digests), pd.read_csv(results.table("scores", "csv")))


if __name__ == "__main__":
    sys.exit(main())
