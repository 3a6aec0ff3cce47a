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
STAGE = """
import json
import time
from pathlib import Path


def write(path, *content):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(content, default=vars))

"""
STAGES = {
    "data": "def run(config):\n"
    "    for name in ('images.npy', 'characters.csv', 'source.json'):\n"
    "        write(f'data/omniglot/{name}', config.data)\n",
    "split": "def run(config, name):\n"
    "    lists = sorted(Path(config.split['file']).glob('*.txt')) if name == 'file' else []\n"
    "    write(f'data/splits/{name}.json', config.split, [path.read_text() for path in lists])\n",
    "episodes": "def run(config, file):\n"
    "    split = Path(f'data/splits/{config.split[\"name\"]}.json').read_text() if 'omniglot' in file else ''\n"
    "    write(f'data/episodes/{file}', file, config.episodes, split)\n",
    "train": "def run(config, job):\n"
    "    folder = f'results/{config.budget}/runs/{job.task}/{job.learner}/{job.seed}'\n"
    "    for name in ('checkpoint.safetensors', 'training.csv'):\n"
    "        write(f'{folder}/{name}', config.recipe(job.task, job.learner))\n"
    "    write(f'{folder}/run.json', time.time_ns())\n",
    "finetune": "def run(config, job):\n"
    "    run = f'{job.task}/{job.learner}/{job.seed}'\n"
    "    checkpoint = Path(f'results/{config.budget}/runs/{run}/checkpoint.safetensors')\n"
    "    write(f'results/{config.budget}/scores/{run}.npy', checkpoint.read_text())\n"
    "    write(f'results/{config.budget}/scores/{run}.json', 'inputs')\n"
    "    write(f'results/{config.budget}/scores/{run}.npz', 'portrait')\n",
    "aggregate": "from metascore.orchestration.jobs import Jobs\n"
    "\n"
    "\n"
    "def run(config):\n"
    "    folder = Path('results') / config.budget\n"
    "    scores = {run.learner: float(len((folder / f'scores/{run.task}/{run.learner}/{run.seed}.npy').read_text()))"
    " for run in config.runs()}\n"
    "    for path in (*Jobs(config).plain_report(), *(one.file for one in Jobs(config).shown_report())):\n"
    "        write(path, scores)\n"
    "    (folder / 'metrics.json').write_text(json.dumps(scores))\n",
}


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
    run = f"omniglot_5w1s/{learner}/0"
    return {f"Meta-training {run}", f"Fine-tuning {run}", "Scores to metrics, tables, figures and report"}


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
    """Leave only these learners in params.yaml, and make the budget `smoke`, with one run of each, the default."""
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
    project.set_parameter("seeds", [0], "params/smoke.yaml")


def copy(project: Project, target: Path) -> Project:
    """A copy with all times of modification."""
    shutil.copytree(project.path, target, symlinks=True)
    return Project(target)
