"""Golden numbers: what every learner, the data and the scores give on tiny problems, at one version of the numerics.

Run `python tests/golden/golden.py` to write `golden.json` anew, after NUMERICS_VERSION in `metascore.version` was
raised. Every case has numbers that a change of a formula or of a constant moves, and that rounding does not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from metascore import version
from metascore.config.recipe import Training
from metascore.data import lake
from metascore.data.glyphs import draw_alphabet
from metascore.learners.base import STATE, AbstractLearner, learned, load
from metascore.networks.tensors import Params
from metascore.problems import navigation
from metascore.problems.base import Problem
from metascore.problems.examples import Episode, Episodes
from metascore.problems.images import Images
from metascore.problems.navigation import Navigation
from metascore.problems.omniglot import Omniglot
from metascore.problems.pictures import Gathered, Material, Pool
from metascore.problems.scale import ERROR
from metascore.problems.sine import Sine
from metascore.randomness import generator, numpy_generator
from metascore.scoring import intervals, scores
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.loop import TrainingRun, beginning, meta_train
from metascore.training.outer import rate

FILE = Path(__file__).with_name("golden.json")
TOLERANCE = {"rel": 1e-3, "abs": 1e-6}  # CPUs round differently: by 3e-4 at most after four meta-steps
CLASSES, DRAWINGS = 12, 20
ITERATIONS, EPISODES = 4, 4
SETTINGS = {"seed": 0, "grid": True, "rotate": ["train", "validation", "test"]}

Numbers = dict[str, Any]  # by name: lists of numbers, or digests


Kinds = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A learner's file with hyper-parameters and a training; for each kind of problem what differs there."""

    file: str
    hyper_parameters: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, dict[str, Any]] = field(default_factory=lambda: {"omniglot": {}})


WIDE: Kinds = {"sine": {"width": 16}, "navigation": {"width": 16}}  # a perceptron of four units may be dead
EVERYWHERE: Kinds = {"omniglot": {}, "sine": {**WIDE["sine"], "inner_lr": 0.02}, "navigation": WIDE["navigation"]}
INNER = {"width": 4, "inner_lr": 0.4, "train_steps": 2, "test_steps": 3}
CASES = {
    "chance": Case("chance", kinds={"omniglot": {}, "sine": {}, "navigation": {}}),
    "pixel_knn": Case("pixel_knn", kinds={"omniglot": {}, "images": {}}),
    "scratch": Case("scratch", {"width": 4, "inner_lr": 0.3, "updates_per_step": 2, "test_steps": 3}, kinds=EVERYWHERE),
    "transfer": Case(
        "transfer",
        {"width": 4, "inner_lr": 0.1, "updates_per_step": 2, "test_steps": 3, "whole_network": False},
        kinds={name: {**keys, "whole_network": bool(keys)} for name, keys in EVERYWHERE.items()},
    ),
    "siamese": Case("siamese", {"width": 4}, {"schedule": "halving", "halve_every": 2}),
    "matching": Case("matching", {"width": 4}),
    "matching_full": Case("matching", {"width": 4, "full_context": True}),
    "relation": Case("relation", {"width": 4}, {"clip_norm": 0.05}),
    "protonet": Case("protonet", {"width": 4}, kinds={"omniglot": {}, "images": {"downsample": "stride"}}),
    "r2d2": Case("r2d2", {"width": 4}),
    "mann": Case("mann", {"units": 20, "rows": 6, "columns": 8}),
    "mann_convolution": Case(
        "mann", {"encoder": "convolution", "width": 4, "units": 20, "rows": 6, "columns": 8, "key_strength": True}
    ),
    "metanet": Case("metanet", {"width": 4}, {"optimiser": "sgd", "meta_lr": 0.1}),
    "lstm_meta": Case("lstm_meta", {"width": 4, "train_steps": 2, "test_steps": 3}),
    "maml": Case("maml", INNER, {"schedule": "cosine", "final_lr": 0.002}, EVERYWHERE | {"images": {}}),
    "fomaml": Case("maml", {**INNER, "first_order": True}),
    "mamlpp": Case("mamlpp", {**INNER, "multi_step_share": 0.76}, kinds=EVERYWHERE),  # at 3/4 the floor counts
    "mamlpp_running": Case("mamlpp", {**INNER, "running_statistics": True, "first_order_share": 0.5}),
    "metasgd": Case("metasgd", {"width": 4, "lowest_rate": 0.005, "highest_rate": 0.1}, kinds={"omniglot": {}, **WIDE}),
    "anil": Case("anil", INNER, kinds=EVERYWHERE),
    "reptile": Case(
        "reptile",
        {
            "width": 4,
            "inner_lr": 0.01,
            "train_updates": 3,
            "train_batch": 3,
            "updates_per_step": 2,
            "test_batch": 3,
            "test_steps": 3,
            "transductive": False,
        },
        {"optimiser": "sgd", "meta_lr": 1.0, "schedule": "linear"},
        {"omniglot": {}} | WIDE,
    ),
}


def names() -> list[str]:
    """Of every set of golden numbers: a learner on a kind of problem, or a part of the benchmark."""
    return [f"{name} on {kind}" for name, case in CASES.items() for kind in case.kinds] + list(PARTS)


def numbers(name: str) -> Numbers:
    """The golden numbers of this name, computed here."""
    if name in PARTS:
        return PARTS[name]()
    case, kind = name.split(" on ")
    return of_learner(CASES[case], kind)


def of_learner(case: Case, kind: str) -> Numbers:
    """Losses and validation scores of a short training, how far it went, and what adaptation makes of the result."""
    problem, train, test = small(kind)
    learner = load(case.file, problem, case.hyper_parameters | case.kinds[kind])
    iterations = ITERATIONS if learner.learns else 0
    recipe = replace(
        Training(iterations=iterations, meta_batch=3, meta_lr=0.01, validations=ITERATIONS), **case.training
    )
    start = beginning(learner, generator(0, "initial parameters"), torch.device("cpu"))
    end = list(meta_train(TrainingRun(learner, learner, train, test, recipe, seed=0), start))[-1]
    return {
        "losses": [row["loss"] for row in end.history if learner.learns],
        "validations": [row["validation"] for row in end.history],
        "moved": [_norm({name: value - start.params[name] for name, value in learned(end.params).items()})],
        "state": [_norm({name: value for name, value in end.params.items() if name.startswith(STATE)})],
        "query losses": measured(query_losses, learner, end.params, test).mean(0).tolist(),
        "scores": measured(adaptation_curve, learner, end.params, test)[:, : learner.test_steps + 1].mean(0).tolist(),
    }


def query_losses(learner: AbstractLearner, params: Params, episode: Episode) -> Tensor:
    """The query loss of one episode after 0, 1, ... adaptation steps."""
    states = learner.adapt(params, episode.support, learner.test_steps)
    return torch.stack([learner.problem.loss(partial(learner.predict, state), episode.query) for state in states])


@cache
def small(kind: str) -> tuple[Problem, Episodes, Episodes]:
    """A problem of this kind, with training and test episodes."""
    if kind == "sine":
        waves = Sine(shot=5, query=10)
        return waves, *drawn(waves)
    if kind == "navigation":
        goals = Navigation(shot=5, query=5)
        return goals, *drawn(goals)
    if kind == "images":
        return colours()
    drawings = Omniglot(way=3, shot=2, query=3, num_classes=CLASSES)
    rows = (drawings.draw_among(list(range(CLASSES)), part, EPISODES, True, 0) for part in ("train", "test"))
    train, test = (drawings.episodes(one, torch.from_numpy(noisy_glyphs())) for one in rows)
    return drawings, train, test


def drawn(problem: Problem) -> tuple[Episodes, Episodes]:
    """Training and test episodes that need no data."""
    rows = (problem.draw(part, EPISODES, SETTINGS, []) for part in ("train", "test"))
    train, test = (problem.episodes(one, torch.device("cpu")) for one in rows)
    return train, test


@cache
def noisy_glyphs() -> np.ndarray:
    """Glyphs on paper with grain: on white paper, rounding decides which of many equal pixels a maximum is."""
    grain = numpy_generator(0, "golden", "grain").integers(0, 128, (CLASSES, DRAWINGS, 28, 28))
    return (draw_alphabet(0, "golden", CLASSES) // 2 + grain).astype(np.uint8)


def colours() -> tuple[Problem, Episodes, Episodes]:
    """Glyphs in a colour of each class, as somebody's own pictures."""
    pictures = Images(
        data_set="golden", way=3, shot=2, query=3, split="class", side=28, channels=3, num_classes=CLASSES
    )
    paint = numpy_generator(0, "golden", "colours").random((CLASSES, 1, 1, 1, 3))
    images = torch.from_numpy((noisy_glyphs()[..., None] * paint).astype(np.uint8).reshape(-1, 28, 28, 3))
    material = Material(images, DRAWINGS * np.arange(CLASSES))
    pool = Pool(np.arange(CLASSES), np.full(CLASSES, DRAWINGS), [""] * CLASSES)
    rows = (pictures.draw_from(pool, EPISODES, True, numpy_generator(0, "golden", part)) for part in ("train", "test"))
    train, test = (Gathered(one, pictures, material) for one in rows)
    return pictures, train, test


def of_data() -> Numbers:
    """Images, the published runs of Lake et al., and the first rows of episodes."""
    waves = Sine(shot=2, query=2).draw("train", 3, SETTINGS)
    goals = Navigation(shot=2, query=2).draw("train", 3, SETTINGS)
    drawings = Omniglot(way=3, shot=1, query=1, num_classes=CLASSES)
    rows = drawings.draw_among(list(range(CLASSES)), "train", 2, True, 0)
    return {
        "glyphs": _digest(draw_alphabet(0, "golden", 2)),
        "runs of Lake et al.": hashlib.sha256(lake.LISTED.read_bytes().replace(b"\r\n", b"\n")).hexdigest(),
        "characters": rows["character"].ravel().tolist(),
        "rotations": rows["rotation"].ravel().tolist(),
        "drawers": rows["drawer"].ravel().tolist(),
        "amplitudes": waves["amplitude"].tolist(),
        "phases": waves["phase"].tolist(),
        "x": waves["x"].ravel().tolist(),
        "goals": goals["goal"].ravel().tolist(),
        "noise": goals["seed"].tolist(),
    }


def of_splits() -> Numbers:
    """The first characters of each part of a split."""
    import pandas as pd

    from metascore.data.splits import make_split

    names = [f"character{number:02}" for number in range(20)]
    rows = [(part, f"{part}{k}", one) for part in ("background", "evaluation") for k in range(8) for one in names]
    table = pd.DataFrame(rows, columns=["part", "alphabet", "character"])
    found: Numbers = {}
    for name in ("random", "lake"):
        settings = {"name": name, "seed": 0, "train": 80, "validation": 20, "test": 60}
        found |= {f"{name} {part}": members[:8] for part, members in make_split(table, settings).items()}
    return found


def of_scores() -> Numbers:
    """MetaScore with its parts, and an interval, of scores that a formula makes."""
    seed, episode, step = np.ogrid[1:4, 1:31, 0:11]
    curves = 0.2 + 0.7 * (1 - 0.6**step) * (0.8 + 0.15 * np.sin(seed * episode) + 0.02 * seed)
    measure = scores.accuracy(5)
    normalised = measure.normalise(curves)
    seeds, freedom, others, other_freedom, episodes = (np.array([one]) for one in (0.02, 2.0, 0.01, 3.0, 0.005))
    errors = intervals.Error(seeds, freedom, others, other_freedom, episodes, episode_freedom=29.0)
    reach = intervals.reach(errors)
    interval = intervals.bounded(np.array([0.9]), reach, 0.0, 1.0)
    return {
        "MetaScore": [scores.metascore(normalised)],
        "degree": [scores.degree(normalised)],
        "speed": [scores.speed(normalised)],
        "error": scores.measured_chance(ERROR, 0.0, curves).normalise(1.7 * curves)[:, 0, ::5].ravel().tolist(),
        "half-width": reach.tolist(),
        "interval": [float(end[0]) for end in interval],
        "p value": intervals.tail(np.array([0.2]), errors).tolist(),
    }


def of_constants() -> Numbers:
    """Rates of the outer optimiser; what perfect and blind policies and functions score."""
    schedules = [
        Training(iterations=5, meta_lr=0.1, final_lr=0.01, halve_every=2, schedule=name)
        for name in ("constant", "linear", "cosine", "halving")
    ]
    return {
        "rates": [rate(recipe, iteration) for recipe in schedules for iteration in range(5)],
        "navigation": [navigation.going_straight(), navigation.standing_still()],
        "blind": Sine(shot=1, query=1).blind(torch.tensor([[0.0], [2.0]])).ravel().tolist(),
    }


PARTS: dict[str, Callable[[], Numbers]] = {
    "data": of_data,
    "splits": of_splits,
    "scores": of_scores,
    "constants": of_constants,
}


def _norm(tensors: Params) -> float:
    """The Euclidean norm of all of them."""
    return float(sum(value.double().square().sum() for value in tensors.values())) ** 0.5


def _digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def stored() -> dict[str, Any]:
    """The version and the numbers of `golden.json`."""
    return json.loads(FILE.read_text())


def agree(found: list[float] | str, expected: list[float] | str) -> bool:
    """Whether two lists of numbers are equal but for rounding, or two digests equal."""
    if isinstance(expected, str):
        return found == expected
    return bool(found == pytest.approx(expected, rel=TOLERANCE["rel"], abs=TOLERANCE["abs"]))


def _rounded(found: Numbers) -> Numbers:
    return {
        name: values if isinstance(values, str) else [float(f"{value:.7g}") for value in values]
        for name, values in found.items()
    }


def main() -> None:
    """Write the numbers of today, one set a line."""
    torch.set_num_threads(1)
    lines = [f"  {json.dumps(name)}: {json.dumps(_rounded(numbers(name)))}" for name in names()]
    entries = ",\n".join([f'  "version": {version.NUMERICS_VERSION}', *lines])
    FILE.write_text(f"{{\n{entries}\n}}\n")


if __name__ == "__main__":
    main()
