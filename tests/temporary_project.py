"""A copy of the project in a temporary folder, whose stages may do no work: what runs when is the workflow's own."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
COPIED = (
    "Snakefile",
    "dvc.yaml",
    "params.yaml",
    "params",
    "pictures",
    ".gitignore",
    ".dvcignore",
    ".dvc",
    "profiles",
    "workflow",
    "src",
    "docs",
)
# Each idle stage writes a few bytes that are made from its parameters and inputs, and the keys that real ones write.
STAGE = """
import json
import time
from pathlib import Path

from metascore.store import report_key, run_key
from metascore.store.paths import Results


def write(path, *content):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content[0] if len(content) == 1 else content, default=vars))

"""
STAGES = {
    "data": """
def run(config):
    for name in ("images.npy", "characters.csv"):
        write(f"data/omniglot/{name}", config.data)
    write("data/omniglot/source.json", {"synthetic": False})
""",
    "split": """
def run(config, name):
    lists = sorted(Path(config.split["file"]).glob("*.txt")) if name == "file" else []
    path = Path(f"data/splits/{name}.json")
    write(path, config.split, [one.read_text() for one in lists])
    write(run_key.beside(path), run_key.split_key(config, name))
""",
    "episodes": """
def run(config, file):
    path, problem = Path("data/episodes", file), config.episode_files()[file].problem
    sources = [Path("data", name).read_text() for name in problem.drawn_from(config.split["name"])]
    write(path, file, config.episodes, sources)
    write(run_key.beside(path), run_key.episodes_key(config, config.episode_files()[file]))
""",
    "train": """
def run(config, jobs):
    results = Results.of(config)
    for job in jobs:
        key = run_key.training_key(config, job)
        if run_key.difference(run_key.stored_training_key(results, job), key) is not None:
            recipe = json.dumps(config.recipe(job.task, job.learner), default=vars).encode()
            results.checkpoint(job).parent.mkdir(parents=True, exist_ok=True)
            results.checkpoint(job).write_bytes((2).to_bytes(8, "little") + b"{}" + recipe)  # no tensors
            write(results.training(job), job)
            write(results.record(job), {"key": key, "time": time.time_ns()})
""",
    "finetune": """
def run(config, jobs):
    results = Results.of(config)
    for job in jobs:
        key = run_key.evaluation_key(config, job)
        if run_key.difference(run_key.stored_evaluation_key(results, job), key) is not None:
            write(results.score(job), results.checkpoint(job).read_bytes().decode("latin1"))
            write(results.figure_data(job), "figures")
            write(results.evaluation_record(job), {"key": key})
""",
    "aggregate": """
from metascore.orchestration.jobs import Jobs


def run(config):
    results, jobs = Results.of(config), Jobs(config)
    scores = {run.learner: float(len(results.score(run).read_text())) for run in config.runs()}
    for path in (*jobs.plain_report(), *(one.file for one in jobs.shown_report())):
        write(path, scores)
    write(results.digests, {"report": report_key.of(config, results)})
""",
}


REPORT = "Scores to metrics, tables, figures and report"


@dataclass(frozen=True)
class Project:
    """A working copy of the project."""

    path: Path
    variables: dict[str, str] = field(default_factory=dict)  # of the environment, beside the usual ones

    def call(self, *command: str, status: int = 0) -> str:
        """What a command says; it must end with this exit status."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def environment(self) -> dict[str, str]:
        """This Python's programs, and this copy's package."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return {**os.environ, **identity, "PATH": path, "PYTHONPATH": "src", "DVC_NO_ANALYTICS": "1", **self.variables}

    def planned(self, *options: str) -> set[str]:
        """The jobs that a dry run names, by their messages."""
        return _jobs(self.call("snakemake", "-n", "--printshellcmds", *options))

    def ran(self, *command: str) -> set[str]:
        """The jobs that a command runs."""
        before = set(self.logs())
        self.call(*command)
        return _jobs("\n".join(log.read_text() for log in self.logs() if log not in before))

    def logs(self) -> list[Path]:
        """Snakemake's own, which have all jobs."""
        return sorted((self.path / ".snakemake/log").glob("*.log"))

    def replace(self, file: str, old: str, new: str) -> None:
        """Edit a file."""
        text = (self.path / file).read_text()
        assert old in text
        (self.path / file).write_text(text.replace(old, new, 1))

    def set_parameter(self, path: str, value: object, file: str = "params.yaml") -> None:
        """Change a file of the configuration at a path such as learners.maml.inner_lr."""
        *sections, key = path.split(".")
        params = section = yaml.safe_load((self.path / file).read_text())
        for name in sections:
            section = section[name]
        section[key] = value
        (self.path / file).write_text(yaml.safe_dump(params, sort_keys=False))

    def append(self, file: str, text: str) -> None:
        """Add to the end of a file."""
        with (self.path / file).open("a") as end:
            end.write(text)


def _jobs(text: str) -> set[str]:
    """The jobs that Snakemake names, by their messages."""
    return set(re.findall(r"^Job \d+: (.*)$", text, flags=re.MULTILINE))


def jobs_of(learner: str) -> set[str]:
    """The jobs that depend on one learner."""
    pair = f"omniglot_5w1s/{learner}"
    return {f"Meta-training {pair}", f"Fine-tuning {pair}", REPORT}


def copy_project(target: Path) -> Project:
    """The project as it is in the working tree, without what runs have made."""
    target.mkdir(parents=True)
    for name in COPIED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "cache", "tmp", "config.local")
            shutil.copytree(ROOT / name, target / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, target / name)
    return Project(target)


def make_stages_idle(project: Project) -> None:
    """Replace each stage by one that writes a few bytes made from its parameters and inputs."""
    for name, body in STAGES.items():
        (project.path / f"src/metascore/stages/{name}.py").write_text(STAGE + body)


def keep_learners(project: Project, *learners: str) -> None:
    """Leave only these learners in params.yaml, and make the budget `smoke`, with two seeds of each, the default."""
    params = yaml.safe_load((project.path / "params.yaml").read_text())
    params["budget"] = "smoke"
    params["learners"] = {name: params["learners"][name] for name in learners}
    (project.path / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    for path in (project.path / "params").glob("*.yaml"):
        budget = yaml.safe_load(path.read_text())
        budget["learners"] = {name: own for name, own in budget["learners"].items() if name in (*learners, "all")}
        for rows in (*budget.get("iterations", {}).values(), *budget.get("trained_on", {}).values()):
            for other in set(rows) - {*learners, "all"}:
                del rows[other]
        path.write_text(yaml.safe_dump(budget, sort_keys=False))
    project.set_parameter("tasks", ["omniglot_5w1s"], "params/smoke.yaml")
    project.set_parameter("seeds", [0, 1], "params/smoke.yaml")


def copy(project: Project, target: Path) -> Project:
    """A copy with all times of modification."""
    shutil.copytree(project.path, target, symlinks=True)
    return Project(target)
