"""A tree of results as the stages before `aggregate` leave it, with invented numbers."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from safetensors.numpy import save

from metascore.config.documents import Document
from metascore.config.params import Config
from metascore.config.params import Run as OneRun
from metascore.data.characters import CHARACTERS
from metascore.files import write_arrays

FAMILIES = {"maml": "optimisation", "fomaml": "optimisation", "protonet": "metric", "chance": "control"}
TASKS = {
    "omniglot_5w1s": {"problem": "omniglot", "way": 5, "shot": 1, "query": 5},
    "sine_5s": {"problem": "sine", "shot": 5, "query": 10},
}
EPISODES = 40
SPLIT = {"train": list(range(20)), "validation": list(range(20, 30)), "test": list(range(30, 45))}
EVALUATED = {"key": {"inputs": {"data/episodes/test.npy": "0" * 64}}}


MAML = {"width": 4, "inner_lr": 0.4, "train_steps": 1, "test_steps": 10}
FOMAML = MAML | {"learner": "maml", "trained_as": "maml"}
ENTRIES: dict[str, dict[str, Any]] = {"maml": MAML, "fomaml": FOMAML, "protonet": {"width": 4}, "chance": {}}


def config(
    tasks: tuple[str, ...] = tuple(TASKS),
    seeds: tuple[int, ...] = (0, 1),
    learners: tuple[str, ...] = tuple(FAMILIES),
    episodes: int = EPISODES,
) -> Config:
    budget = {"tasks": list(tasks), "seeds": list(seeds), "learners": {}, "episodes": dict.fromkeys(SPLIT, episodes)}
    params: dict[str, Any] = {"tasks": TASKS, "learners": {name: dict(ENTRIES[name]) for name in learners}}
    params |= {
        "data": {"omniglot": {}},
        "split": {"name": "random"},
        "episodes": {"seed": 0, "rotate": [], "grid": False},
    }
    files = {"tiny": Document("params/tiny.yaml", budget)}
    return Config(Document("params.yaml", params), files, "tiny", lengths=False)


def write(root: Path, chosen: Config, synthetic: bool = True) -> None:
    write_data(root / "data", chosen, synthetic)
    for one in chosen.runs():
        generator = np.random.default_rng([one.seed, *one.task.encode(), *one.learner.encode()])
        write_scores(root, one, scores(one, generator, chosen.test_file(one.task).count))
        write_run(root, one, generator)


def write_data(folder: Path, chosen: Config, synthetic: bool) -> None:
    for name in ("omniglot", "splits", "episodes/omniglot", "episodes/sine"):
        (folder / name).mkdir(parents=True)
    (folder / "omniglot" / "source.json").write_text(json.dumps({"name": "whatever", "synthetic": synthetic}))
    characters = {"part": "background", "alphabet": "Runes", "character": [f"character{k:02}" for k in range(45)]}
    pd.DataFrame(characters).to_csv(folder / "omniglot" / "characters.csv", index_label="index")
    (folder / "splits" / "random.json").write_text(json.dumps(SPLIT))
    images = np.lib.format.open_memmap(folder / "omniglot" / "images.npy", "w+", np.uint8, (CHARACTERS, 20, 28, 28))
    images[:45] = np.random.default_rng(0).integers(0, 256, (45, 20, 28, 28), dtype=np.uint8)
    images.flush()
    for name, file in chosen.episode_files().items():
        sources = [folder / source for source in file.problem.drawn_from("random")]
        np.save(folder / "episodes" / name, file.problem.draw(file.part, file.count, chosen.episodes, sources))


def scores(one: OneRun, generator: np.random.Generator, episodes: int = EPISODES) -> np.ndarray:
    """Adaptation curves from chance towards a level of the learner's own."""
    level = {"maml": 0.9, "fomaml": 0.85, "protonet": 0.95, "chance": 0.2}[one.learner]
    noise = 0.0 if one.learner == "chance" else 0.02
    curves = level + (0.2 - level) * np.exp(-np.arange(11)) + noise * generator.standard_normal((episodes, 1))
    return curves.clip(0, 1) if one.task.startswith("omniglot") else 4 * (1.2 - curves.clip(0, 1))


def figure_data(one: OneRun, episodes: int) -> dict[str, np.ndarray]:
    """Classes of queries that everybody knows by heart; one wave that everybody takes all for, from the start."""
    if one.task.startswith("omniglot"):
        label_permutation_control = np.eye(5)[np.zeros(episodes // 5, int)].ravel()
        return {"chosen": np.tile(np.arange(5), (2, 5)), "misled": label_permutation_control}
    x = np.linspace(-5, 5, 11)
    moved = {"distance_to_mean": np.array(one.seed + 1.0), "moved": one.seed + np.arange(2.0, 5.0)}
    blind = {"chance": np.full(episodes, 4, np.float32)}
    return {"grid": x, "functions": np.tile(np.sin(x), (3, 11, 1))} | moved | blind


def write_scores(root: Path, one: OneRun, values: np.ndarray) -> Path:
    path = root / "results/tiny" / "scores" / one.task / one.learner / f"{one.seed}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, values.astype(np.float32))
    path.with_suffix(".json").write_text(json.dumps(EVALUATED))
    write_arrays(path.with_suffix(".npz"), figure_data(one, len(values)))
    return path


def write_run(root: Path, one: OneRun, generator: np.random.Generator) -> None:
    folder = root / "results/tiny" / "runs" / one.task / one.learner / str(one.seed)
    folder.mkdir(parents=True)
    axes = {"family": FAMILIES[one.learner], "batch_norm": "none", "gradient_order": 1}
    axes |= {"train_steps": 1, "test_steps": 10, "updates": 1, "examples": 5}
    record = {"seed": one.seed, "device": "cpu", "seconds": 2.5, "tasks_per_second": 40.0, "parameters": 1234}
    record |= {"machine": {"processor": "abacus", "threads": 1}}
    record |= {"iterations": 0, "tasks": 120, "versions": {"metascore": "0", "torch": "0"}}
    (folder / "run.json").write_text(json.dumps(record | {"axes": axes}))
    (folder / "checkpoint.safetensors").write_bytes(save({"w": np.ones(1, np.float32)}))
    points = np.arange(1, 4) * (0 if one.learner == "chance" else 1)
    validation = 0.5 + 0.1 * points + 0.01 * generator.standard_normal(3)
    frame = pd.DataFrame({"iteration": 10 * points, "tasks": 40 * points, "seconds": 1.5 * points})
    rows = frame.assign(loss=1.0, validation=validation).iloc[: 0 if one.learner == "chance" else 3]
    rows.to_csv(folder / "training.csv", index=False)
