"""A copy of the project in a temporary folder, whose stages do no work: what runs when is the workflow's own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COPIED = ("Snakefile", "dvc.yaml", "params.yaml", ".gitignore", ".dvcignore", ".dvc", "profiles", "workflow", "src")
LEARNERS = ("chance", "protonet", "maml", "fomaml")
STAGE = '''
import json
from pathlib import Path

import metascore.errors


def write(path, *content):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(json.dumps(content, default=vars))

'''
STAGES = {
    "data": "def run(config):\n"
    "    for name in ('images.npy', 'characters.csv', 'source.json'):\n"
    "        write(f'data/omniglot/{name}', config.data)\n",
    "split": "def run(config):\n    write(f'data/splits/{config.split[\"name\"]}.json', config.split)\n",
    "episodes": "def run(config, file):\n    write(f'data/episodes/{file}', file, config.episodes)\n",
    "train": "def run(config, job):\n"
    "    folder = f'results/runs/{job.task}/{job.learner}/{job.seed}'\n"
    "    for name in ('checkpoint.safetensors', 'training.csv', 'run.json'):\n"
    "        write(f'{folder}/{name}', config.recipe(job.task, job.learner))\n",
    "finetune": "def run(config, job):\n"
    "    checkpoint = Path(f'results/runs/{job.task}/{job.learner}/{job.seed}/checkpoint.safetensors')\n"
    "    write(f'results/scores/{job.task}/{job.learner}/{job.seed}.npy', checkpoint.read_text())\n",
    "aggregate": "def run(config):\n"
    "    scores = {run.learner: float(len(Path(f'results/scores/{run.task}/{run.learner}/{run.seed}.npy')"
    ".read_text())) for run in config.runs()}\n"
    "    Path('results').mkdir(exist_ok=True)\n"
    "    Path('results/metrics.json').write_text(json.dumps(scores))\n"
    "    write('results/tables/scores.csv', scores), write('results/tables/scores.md', scores)\n"
    "    for name in ('ranking', 'adaptation', 'learning'):\n"
    "        write(f'results/figures/{name}.svg', scores), write(f'results/figures/{name}.png', scores)\n",
}


@dataclass(frozen=True)
class Project:
    """A working copy of the project."""

    path: Path

    def call(self, *command: str, status: int = 0) -> str:
        """What a command says; it must end with this exit status."""
        done = subprocess.run(
            command, cwd=self.path, env=self.environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def environment(self) -> dict[str, str]:
        """This Python's programs, and this copy's package."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        identity = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        return {**os.environ, **identity, "PATH": path, "PYTHONPATH": "src", "DVC_NO_ANALYTICS": "1"}

    def planned(self, *options: str) -> set[str]:
        """The jobs that a dry run names, by their messages."""
        return set(re.findall(r"^Job \d+: (.*)$", self.call("snakemake", "-n", *options), flags=re.MULTILINE))

    def ran(self, *command: str) -> set[str]:
        """The jobs that a command runs."""
        return set(re.findall(r"^Job \d+: (.*)$", self.call(*command), flags=re.MULTILINE))

    def replace(self, file: str, old: str, new: str) -> None:
        """Edit a file."""
        text = (self.path / file).read_text()
        assert old in text
        (self.path / file).write_text(text.replace(old, new, 1))

    def append(self, file: str, text: str) -> None:
        """Add to the end of a file."""
        with (self.path / file).open("a") as end:
            end.write(text)


def jobs_of(learner: str) -> set[str]:
    """The jobs that depend on one learner."""
    run = f"omniglot_5w1s/{learner}/0"
    return {f"Meta-training {run}", f"Fine-tuning {run}", "Scores to metrics, tables and figures"}


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


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy with idle stages and a few learners, after a whole run. Don't change it: take `project`."""
    project = copy_project(tmp_path_factory.mktemp("finished") / "project")
    for name, body in STAGES.items():
        (project.path / f"src/metascore/stages/{name}.py").write_text(STAGE + body)
    params = yaml.safe_load((project.path / "params.yaml").read_text())
    params["budget"] = "smoke"
    params["learners"] = {name: params["learners"][name] for name in LEARNERS}
    for budget in params["budgets"].values():
        budget["learners"] = {name: budget["learners"][name] for name in budget["learners"] if name in (*LEARNERS, "all")}
    params["budgets"]["smoke"] |= {"tasks": ["omniglot_5w1s"], "seeds": [0]}
    (project.path / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    project.call("snakemake", "--cores", "2")
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """A finished copy of one's own."""
    return _copy(finished, tmp_path / "project")


@pytest.fixture(scope="session")
def recorded(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished copy in git, recorded by DVC and pushed to the remote beside it."""
    project = _copy(finished, tmp_path_factory.mktemp("recorded") / "project")
    project.call("git", "init", "--quiet", "--initial-branch", "main")
    assert project.ran("dvc", "repro", "--quiet") == set()
    project.call("git", "add", ".")
    project.call("git", "commit", "--quiet", "--message", "Run")
    project.call("dvc", "push", "--quiet")
    return project


@pytest.fixture
def tracked(recorded: Project, tmp_path: Path) -> Project:
    """A recorded copy of one's own."""
    return _copy(recorded, tmp_path / "project")


@pytest.fixture
def clone(recorded: Project, tmp_path: Path) -> Callable[[], Project]:
    """Makes a fresh clone with access to the remote."""

    def make() -> Project:
        shutil.copytree(recorded.path.parent / "metascore-remote", tmp_path / "metascore-remote")
        recorded.call("git", "clone", "--quiet", str(recorded.path), str(tmp_path / "clone"))
        return Project(tmp_path / "clone")

    return make


def _copy(project: Project, target: Path) -> Project:
    """With all times of modification."""
    shutil.copytree(project.path, target, symlinks=True)
    return Project(target)
