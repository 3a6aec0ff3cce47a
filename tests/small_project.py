"""A small project whose stages are real: noise for images, one task of images and one of waves, tiny learners."""

import contextlib
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from metascore.cli import main
from metascore.config.params import Config
from metascore.files import write_json
from metascore.stages import episodes, finetune, split, train

ROOT = Path(__file__).parents[1]
JOB = ("--task", "omniglot_5w1s", "--learner", "protonet", "--seed", "0")
CHECKPOINT = "results/smoke/runs/omniglot_5w1s/protonet/0/checkpoint.safetensors"
SCORES = "results/smoke/scores/omniglot_5w1s/protonet/0.npy"
COUNTS = {"train": 64, "validation": 8, "test": 32}  # of episodes, at budget smoke


def evaluate_all(config: Config) -> None:
    """Split, episodes, and every run trained and evaluated, from the data in this folder."""
    split.run(config)
    for file in config.episode_files():
        episodes.run(config, file)
    for run in config.runs():
        train.run(config, [run])
        finetune.run(config, [run])


WHOLE_WORKFLOW = f"""
from metascore.config.loading import load
from metascore.config.params import Config
from metascore.report import declarations
from metascore.stages import aggregate, episodes, finetune, split, train

{inspect.getsource(evaluate_all)}
empty = {{one.name: b"" for one in declarations.figures()}}
aggregate.drawings = lambda numbers: ([], empty)
config = load()
evaluate_all(config)
aggregate.run(config)
"""  # in one process, and nothing is drawn: to draw takes most of its time
LEARNERS = {
    "chance": {},
    "protonet": {"width": 4, "training": {"iterations": 4, "meta_batch": 2, "validations": 2}},
}


def write_params(place: Path, learners: dict[str, dict], tasks: tuple[str, ...] = ("omniglot_5w1s",)) -> None:
    """The real params.yaml with these learners alone, and one budget: smoke, which runs entries as they are."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text()) | {"budget": "smoke", "learners": learners}
    smoke = yaml.safe_load((ROOT / "params/smoke.yaml").read_text())
    smoke |= {"full_length": True, "learners": {}, "tasks": list(tasks), "seeds": [0]}
    (place / "params").mkdir(exist_ok=True)
    for budget in (place / "params").glob("*.yaml"):
        budget.unlink()
    (place / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    (place / "params/smoke.yaml").write_text(yaml.safe_dump(smoke, sort_keys=False))


def write_data(place: Path) -> None:
    """Noise where Omniglot's images would be, and alphabets of as many characters."""
    folder = place / "data/omniglot"
    folder.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (1623, 20, 28, 28), dtype=np.uint8)
    np.save(folder / "images.npy", images)
    names = [f"character{k % 30 + 1:02d}" for k in range(1623)]
    alphabets = [f"Alphabet_{k // 30:02d}" for k in range(1623)]
    parts = ["background"] * 964 + ["evaluation"] * 659
    table = pd.DataFrame({"part": parts, "alphabet": alphabets, "character": names})
    table.to_csv(folder / "characters.csv", index_label="index")
    write_json(folder / "source.json", {"name": "noise", "synthetic": True, "digests": {}})


def metascore(place: Path, *arguments: str, status: int = 0, source: Path = ROOT / "src") -> str:
    """What a stage of the code in `source` says in a folder; it must end with this exit status."""
    environment = os.environ | {"PYTHONPATH": str(source)}
    command = (sys.executable, "-m", "metascore", *arguments)
    done = subprocess.run(
        command, cwd=place, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def run_here(place: Path, *arguments: str) -> None:
    """A stage in this process, which has imported torch already; it must end well."""
    with contextlib.chdir(place):
        assert main(arguments) == 0


def prepare(place: Path) -> None:
    """Data, split and the episode files of the images."""
    write_data(place)
    run_here(place, "split")
    for part, count in COUNTS.items():
        run_here(place, "episodes", "--file", f"omniglot/{part}-5w1s5q-{count}.npy")


def copied(project: Path, place: Path) -> Path:
    """A copy of one's own."""
    shutil.copytree(project, place)
    return place


def trained(place: Path) -> Path:
    """The folder, with parameters and data, after one training."""
    write_params(place, LEARNERS)
    prepare(place)
    run_here(place, "train", *JOB)
    return place
