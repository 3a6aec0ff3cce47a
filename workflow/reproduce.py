"""Make the results of the last commit again in a clean clone, and compare them with those that the commit has.

The clone has an environment of its own. It lies in the system's temporary folder, and is removed at the end.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from metascore.config.loading import load
from metascore.config.params import Config
from metascore.errors import UserError
from metascore.files import read_json
from metascore.scoring.reproduction import Results, Verdict, compare
from metascore.store import paths
from metascore.store.digests import of_content
from metascore.store.revisions import environment


def main() -> int:
    """Return the exit status: 0 where the results agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--budget", help="a file in params/ (default: what params.yaml says)")
    parser.add_argument("--sample", action="store_true", help="the first seed of each learner on each task")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="metascore-reproduce-") as folder:
        clone = Path(folder) / "metascore"
        try:
            subprocess.run(("git", "clone", "--quiet", ".", str(clone)), env=environment(), check=True)
            config = load(clone / "params.yaml", options.budget)
            verdict = sample(clone, config) if options.sample else whole(clone, config)
        except (subprocess.CalledProcessError, UserError) as error:
            sys.stderr.write(f"reproduce: {error}\n")
            return 1
    sys.stdout.writelines(f"reproduce: {line}\n" for line in verdict.lines)
    return 0 if verdict.agree else 1


def whole(clone: Path, config: Config) -> Verdict:
    """Compare every result of a budget."""
    published = results_of(clone, config)
    make(clone, config, "all")
    return compare(published, results_of(clone, config))


def sample(clone: Path, config: Config) -> Verdict:
    """Compare the checkpoints and scores of the first seed."""
    results, seed = paths.Results.of(config), min(config.seeds)
    published = results_of(clone, config)
    runs = [run for run in config.runs() if run.seed == seed]
    file = clone / "params" / f"{config.budget}.yaml"
    values = yaml.safe_load(file.read_text(encoding="utf-8")) | {"seeds": [seed], "fewer_seeds": {}}
    file.write_text(yaml.safe_dump(values, sort_keys=False), encoding="utf-8")
    make(clone, config, "evaluated")
    files = [path for run in runs for path in (results.checkpoint(run), results.score(run))]
    again = {path.relative_to(results.folder).as_posix(): of_content(clone / path) for path in files}
    machine: dict[str, Any] = read_json(clone / results.record(runs[0]))["machine"]
    return compare(Results({name: published.files[name] for name in again}, published.machine), Results(again, machine))


def make(clone: Path, config: Config, target: str) -> None:
    """Set the clone up, and have its workflow make a target from nothing."""
    results = clone / paths.Results.of(config).folder
    for name in ("packs", "runs", "scores"):
        shutil.rmtree(results / name, ignore_errors=True)
    subprocess.run(("make", "--no-print-directory", "-C", str(clone), "setup"), env=environment(), check=True)
    command = (str(clone / ".venv/bin/snakemake"), target, "--config", f"budget={config.budget}")
    subprocess.run(command, cwd=clone, env=environment(), check=True)


def results_of(project: Path, config: Config) -> Results:
    """The results of a budget in a project's folder."""
    results = paths.Results(project / paths.Results.of(config).folder)
    digests = read_json(results.digests)
    return Results(digests["files"], digests["machine"], pd.read_csv(results.table("scores", "csv")))


if __name__ == "__main__":
    sys.exit(main())
