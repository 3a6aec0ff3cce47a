"""What speaks for a run that others have made: each function raises Refuted where something speaks against it."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from metascore.config.params import Config, Run
from metascore.config.recipe import Recipe
from metascore.files import read_array, read_json
from metascore.learners import base
from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.orchestration import agreement
from metascore.problems.examples import Episode
from metascore.randomness import generator
from metascore.stages import first_steps
from metascore.stages.train import identity_of, setting_of
from metascore.stages.vouch import as_read
from metascore.store import checkpoint, inputs
from metascore.store.paths import Results
from metascore.training.evaluation import adaptation_curve, final_score, measured
from metascore.training.loop import TrainingRun, beginning, meta_train

CURE = "it is refused"
CLOSE = 1e-4  # of logits in single precision, where only the order of sums differs


class Refuted(Exception):
    """What speaks against a run."""


@dataclass(frozen=True)
class Case:
    """A run, the files that are said to be its own, and where they are tried."""

    config: Config
    job: Run
    results: Results
    device: torch.device
    tolerance: float | None

    @property
    def training(self) -> Run:
        """The run that was trained: mostly itself."""
        return self.config.training_of(self.job)

    @property
    def trained_recipe(self) -> Recipe:
        """By which it was."""
        return self.config.recipe(self.training.task, self.training.learner)

    @cached_property
    def setting(self) -> TrainingRun:
        """What was trained, and on what."""
        return setting_of(self.config, self.training, self.trained_recipe, self.device)

    @cached_property
    def loaded(self) -> tuple[Params, dict[str, Any]]:
        """The checkpoint's tensors, and what it says of itself."""
        return checkpoint.load(self.results.checkpoint(self.job), self.device, CURE)

    @cached_property
    def record(self) -> dict[str, Any]:
        return _dictionary(read_json(self.results.record(self.job)))

    @cached_property
    def history(self) -> list[dict[str, str]]:
        """The rows of its learning curve: at least one."""
        try:
            with self.results.training(self.job).open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            if not rows or not {"iteration", "validation"} <= rows[-1].keys():
                raise ValueError("it has no rows of iterations and validation scores")
        except (ValueError, csv.Error) as error:
            raise Refuted(f"its learning curve can't be read: {error}") from error
        return rows

    @cached_property
    def evaluation_record(self) -> dict[str, Any]:
        return _dictionary(read_json(self.results.evaluation_record(self.job)))

    @cached_property
    def expected(self) -> dict[str, Any]:
        """What its checkpoint would say if it was made here."""
        found: dict[str, Any] = as_read(identity_of(self.config, self.training, self.trained_recipe, self.device))
        return found

    def learner(self) -> AbstractLearner:
        """For test episodes."""
        recipe = self.config.recipe(self.job.task, self.job.learner)
        (file,) = inputs.sized([self.config.test_file(self.job.task)])
        return base.load(recipe.learner, file.problem, recipe.hyper_parameters)


def recipe_is_the_one_here(case: Case) -> None:
    said = case.loaded[1]
    for key in ("task", "learner", "seed", "recipe", "problem"):
        _refute_if(said.get(key) != case.expected[key], f"its checkpoint was trained with another {key}")
    _refute_if(case.record.get("seed") != case.job.seed, "its record is of another seed")


def code_is_the_one_here(case: Case) -> None:
    _refute_if(case.loaded[1].get("code") != case.expected["code"], "it was trained by other code than lies here")
    now = first_steps.judging_code(case.config, case.job)
    _refute_if(case.evaluation_record.get("code") != now, "it was judged by other code than lies here")


def episodes_are_the_ones_here(case: Case) -> None:
    """The same files of images, splits' episodes and test episodes, by their digests."""
    trained = case.loaded[1].get("inputs")
    _refute_if(trained != case.expected["inputs"], "it was trained on other episodes, or another split")
    tested = first_steps.judged_on(case.config, case.job)
    _refute_if(case.evaluation_record.get("inputs") != tested, "it was judged on other episodes")


def length_is_the_recipes(case: Case) -> None:
    recipe = case.trained_recipe.training
    last = int(case.history[-1]["iteration"])
    _refute_if(
        case.record.get("iterations") != recipe.iterations or last != recipe.iterations,
        f"{last} meta-steps are recorded, and the recipe has {recipe.iterations}",
    )
    _refute_if(case.record.get("tasks") != recipe.iterations * recipe.meta_batch, "its record counts other tasks")


def axes_are_true(case: Case) -> None:
    """What tables print of it is what its code says, and what its trained tensors do."""
    learner = case.learner()
    declared = case.evaluation_record.get("axes", case.record.get("axes"))
    _refute_if(declared != as_read(learner.axes()), "its axes are not those of its code")
    (episodes,) = inputs.read_episodes(inputs.sized([case.config.test_file(case.job.task)]), case.device)
    depends = other_queries_matter(learner, case.loaded[0], first_episode(episodes.batch(np.arange(1))))
    says = learner.batch_norm == "transductive"
    _refute_if(depends and not says, "its predictions change with other queries: it is not inductive")


def validation_score_is_the_recorded_one(case: Case) -> None:
    """The checkpoint is the one that validation chose."""
    learner = case.setting.validation_learner
    scores = measured(final_score, learner, case.loaded[0], case.setting.validation, case.setting.recipe.chunk_size)
    found = float(learner.problem.scale.counted(scores).mean(dtype=np.float64))
    history = [float(row["validation"]) for row in case.history]
    best = history[0]
    for one in history[1:]:
        best = one if learner.problem.better(one, best) else best
    near = _near(found, best, case.tolerance)
    _refute_if(not near, f"its checkpoint scores {found:.6g} on validation episodes, not {best:.6g} as recorded")


def scores_are_what_the_checkpoint_scores(case: Case) -> None:
    (episodes,) = inputs.read_episodes(inputs.sized([case.config.test_file(case.job.task)]), case.device)
    size = case.config.recipe(case.job.task, case.job.learner).training.chunk_size
    anew = measured(adaptation_curve, case.learner(), case.loaded[0], episodes, size)
    recorded = read_array(case.results.score(case.job), CURE)
    same_shape = recorded.shape == anew.shape and recorded.dtype == anew.dtype
    difference = agreement.of_scores(recorded, anew, case.tolerance) if same_shape else "shape of the scores"
    _refute_if(difference is not None, f"its scores are not those of its checkpoint: {difference} differs")


def first_steps_leave_the_same(case: Case) -> None:
    prints = first_steps.prints(case.config, case.training, case.device)
    difference = agreement.of_prints(case.record.get("fingerprints", {}), prints, case.tolerance)
    _refute_if(difference is not None, f"training it again does not leave its fingerprints: {difference} differs")


def training_to_the_end_leaves_the_checkpoint(case: Case) -> None:
    start = beginning(case.setting.learner, generator(case.job.seed, "initial parameters"), case.device)
    *_, end = meta_train(case.setting, start)
    same = end.best.keys() == case.loaded[0].keys() and all(
        torch.equal(value, case.loaded[0][name]) for name, value in end.best.items()
    )
    _refute_if(not same, "training it again to the end leaves another checkpoint")


def other_queries_matter(learner: AbstractLearner, params: Params, episode: Episode) -> bool:
    """Whether a prediction changes when the other queries of an episode are left out."""
    with torch.no_grad():
        state = base.last(learner.adapt(params, episode.support, learner.test_steps))
        together = learner.predict(state, episode.query.x)
        alone = torch.cat([learner.predict(state, one[None]) for one in episode.query.x])
    return not torch.allclose(together, alone, rtol=CLOSE, atol=CLOSE)


def first_episode(batch: Episode) -> Episode:
    """The first of a batch, without the leading axis."""
    return Episode(*(type(part)(*(value[0] for value in part)) for part in batch))


def _near(found: float, recorded: float, tolerance: float | None) -> bool:
    if tolerance is None:
        return found == recorded or (math.isnan(found) and math.isnan(recorded))
    return abs(found - recorded) <= tolerance * max(abs(found), abs(recorded), tolerance)


def _refute_if(wrong: bool, what: str) -> None:
    if wrong:
        raise Refuted(what)


def _dictionary(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refuted("one of its records is none")
    return value
