"""The one training loop. It names no learner and touches no file: it yields snapshots, and can start from one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import TreeSpec, tree_flatten, tree_unflatten

from metascore.config.recipe import Training
from metascore.errors import UserError
from metascore.learners.base import AbstractLearner, MetaLoss, learned
from metascore.networks.encoder import Params
from metascore.problems.base import Episode, Episodes
from metascore.randomness import numpy_generator
from metascore.training.evaluation import chunks, final_score, judge_all
from metascore.training.replay import Recorder


@dataclass
class Snapshot:
    """Everything that meta-training needs in order to go on, to the same bits."""

    iteration: int
    params: Params
    best: Params  # the tensors of the best validation score so far
    best_score: float = math.nan
    optimiser: dict[str, Tensor] = field(default_factory=dict)
    seconds: float = 0.0  # spent in meta-steps, without validation
    history: list[dict[str, float]] = field(default_factory=list)  # the rows of training.csv
    losses: list[float] = field(default_factory=list)  # of the meta-steps since the last row


@dataclass(frozen=True)
class Setting:
    """What is trained on what. The learner is built twice, since its training episodes may have another shape."""

    learner: AbstractLearner  # for the shape of the training episodes
    judged: AbstractLearner  # for the shape of the task
    episodes: Episodes
    validation: Episodes
    recipe: Training
    seed: int


def beginning(learner: AbstractLearner, generator: torch.Generator, device: torch.device) -> Snapshot:
    """The snapshot before the first meta-step."""
    params = _moved(learner.initialise(generator), device)
    return Snapshot(0, params, best=params)


def meta_train(setting: Setting, start: Snapshot, is_time: Callable[[], bool] = lambda: False) -> Iterator[Snapshot]:
    """Yield a snapshot after every validation, the last of which is the end of meta-training.

    There is one more wherever `is_time`, asked after each meta-step, says so. Raises UserError when the loss is not
    finite.
    """
    recipe, snapshot = setting.recipe, start
    gradient, validation = MetaGradient(setting.learner, recipe.chunk), Recorder()
    points = validation_points(recipe)
    while snapshot.iteration < points[-1] or not snapshot.history:
        target = next(point for point in points if point > snapshot.iteration or not snapshot.history)
        snapshot = _advanced(setting, gradient, snapshot, target, is_time)
        if snapshot.iteration == target:
            snapshot = _validated(setting, snapshot, validation)
        yield snapshot


def validation_points(recipe: Training) -> list[int]:
    """The iterations after which the validation episodes are scored: evenly spread, the last one included."""
    count = min(recipe.validations, recipe.iterations)
    return [recipe.iterations * i // count for i in range(1, count + 1)] if count else [0]


class MetaGradient:
    """The gradient of a learner's mean meta-loss; one that is asked for again and again is recorded.

    Episodes go through in chunks, mapped over by torch.func.vmap: memory depends on the chunk, not on the batch.
    """

    def __init__(self, learner: AbstractLearner, chunk: int | None = None, recorder: Recorder | None = None) -> None:
        self.learner, self.chunk = learner, chunk
        self.recorder = recorder or Recorder()

    def __call__(
        self, params: Params, episodes: Episodes, index: np.ndarray, progress: float
    ) -> tuple[dict[str, Tensor], float, Params]:
        """The gradient over the episodes `index`, the mean meta-loss, and the mean new state."""
        moving, fixed = _parted(self.learner.phase(progress))
        function = partial(_gradient_of_chunk, self.learner, fixed)
        total, gradient, state = 0.0, dict[str, Tensor](), dict[str, Tensor]()
        for places in chunks(len(index), self.chunk or episodes.chunk):
            share = len(places) / len(index)
            batch = episodes.batch(index[places])
            found, mean, new = self.recorder((self.learner, fixed), function, moving, params, batch)
            total += share * mean.item()
            _add(gradient, found, share)
            _add(state, new, share)
        return gradient, total, state


_TENSOR = object()  # stands for a tensor


class _Fixed(NamedTuple):
    """What a recording takes for granted of a phase: its structure, and all in it but the tensors."""

    leaves: tuple[Any, ...]
    structure: TreeSpec


def _parted(phase: Any) -> tuple[list[Tensor], _Fixed]:
    """The tensors of a phase, and the rest of it."""
    leaves, structure = tree_flatten(phase)
    moving = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
    return moving, _Fixed(tuple(_TENSOR if isinstance(leaf, Tensor) else leaf for leaf in leaves), structure)


def _joined(moving: list[Tensor], fixed: _Fixed) -> Any:
    """The phase again."""
    tensors = iter(moving)
    return tree_unflatten([next(tensors) if leaf is _TENSOR else leaf for leaf in fixed.leaves], fixed.structure)


def _gradient_of_chunk(
    learner: AbstractLearner, fixed: _Fixed, moving: list[Tensor], params: Params, episodes: Episode
) -> tuple[dict[str, Tensor], Tensor, Params]:
    phase = _joined(moving, fixed)
    leaves = {name: value.detach().requires_grad_() for name, value in learned(params).items()}
    losses: MetaLoss = torch.func.vmap(lambda episode: learner.meta_loss(params | leaves, episode, phase))(episodes)
    mean = losses.value.mean()
    state = {name: value.detach().mean(0) for name, value in losses.state.items()}
    if not mean.requires_grad:  # there is nothing to learn
        return {}, mean, state
    gradient = torch.autograd.grad(mean, list(leaves.values()), allow_unused=True)
    used = {name: value for name, value in zip(leaves, gradient, strict=True) if value is not None}
    return used, mean.detach(), state


def _add(total: dict[str, Tensor], values: dict[str, Tensor], share: float) -> None:
    """Add a share of these values to a total, in place."""
    for name, value in values.items():
        total[name] = torch.add(total[name], value, alpha=share) if name in total else share * value


def visit(count: int, seed: int, iteration: int, meta_batch: int) -> np.ndarray:
    """Which of `count` episodes meta-step `iteration` trains on.

    Each seed goes through the file in an order of its own, a new one every time it has seen all of it.
    """
    places = np.arange(iteration * meta_batch, (iteration + 1) * meta_batch)
    return np.array([_order(count, seed, int(place // count))[place % count] for place in places])


def rate(recipe: Training, iteration: int) -> float:
    """Outer learning rate of a meta-step."""
    progress = iteration / recipe.iterations
    spread = recipe.meta_lr - recipe.final_lr
    match recipe.schedule:
        case "linear":
            return recipe.final_lr + spread * (1 - progress)
        case "cosine":
            return recipe.final_lr + spread * (1 + math.cos(math.pi * progress)) / 2
        case "halving":
            return recipe.meta_lr * 0.5 ** (iteration // recipe.halve_every)
        case _:
            return recipe.meta_lr


@lru_cache(maxsize=2)
def _order(count: int, seed: int, epoch: int) -> np.ndarray:
    return numpy_generator(seed, "order of training episodes", epoch).permutation(count)


def _advanced(
    setting: Setting, gradient: MetaGradient, snapshot: Snapshot, target: int, is_time: Callable[[], bool]
) -> Snapshot:
    """Meta-steps up to iteration `target`, or until it is time for a snapshot."""
    recipe, began = setting.recipe, time.perf_counter()
    iteration, losses = snapshot.iteration, list(snapshot.losses)
    params = {name: value.clone() for name, value in snapshot.params.items()}
    optimiser = _optimiser(recipe, params, snapshot.optimiser)
    while iteration < target:
        losses.append(_meta_step(setting, gradient, params, optimiser, iteration))
        iteration += 1
        if is_time():
            break
    return replace(
        snapshot,
        iteration=iteration,
        params=params,
        optimiser=_optimiser_tensors(params, optimiser),
        seconds=snapshot.seconds + time.perf_counter() - began,
        losses=losses,
    )


def _meta_step(
    setting: Setting,
    meta_gradient: MetaGradient,
    params: Params,
    optimiser: torch.optim.Optimizer | None,
    iteration: int,
) -> float:
    """One step of the outer optimiser, in place; returns the meta-loss before it."""
    recipe = setting.recipe
    index = visit(len(setting.episodes), setting.seed, iteration, recipe.meta_batch)
    gradient, loss, state = meta_gradient(params, setting.episodes, index, iteration / recipe.iterations)
    if not math.isfinite(loss):
        raise UserError(
            f"meta-training diverged at iteration {iteration + 1} (meta-loss {loss}): lower training.meta_lr or the "
            "learner's inner rate in params.yaml, or set training.clip_norm"
        )
    params.update(state)
    if optimiser is not None:
        for name, value in gradient.items():
            params[name].grad = value
        if recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_([params[name] for name in gradient], recipe.clip_norm)
        for group in optimiser.param_groups:
            group["lr"] = rate(recipe, iteration)
        optimiser.step()
    return loss


def _validated(setting: Setting, snapshot: Snapshot, recorder: Recorder) -> Snapshot:
    """With a row in the history for the meta-steps since the last one, and the best tensors updated."""
    judged = judge_all(final_score, setting.judged, snapshot.params, setting.validation, setting.recipe.chunk, recorder)
    score = float(judged.mean(dtype=np.float64))
    row = {
        "iteration": snapshot.iteration,
        "tasks": snapshot.iteration * setting.recipe.meta_batch,
        "seconds": round(snapshot.seconds, 3),
        "loss": float(np.mean(snapshot.losses)) if snapshot.losses else math.nan,
        "validation": score,
    }
    validated = replace(snapshot, history=[*snapshot.history, row], losses=[])
    if not snapshot.history or setting.judged.problem.better(score, snapshot.best_score):
        return replace(validated, best=snapshot.params, best_score=score)
    return validated


def _optimiser(recipe: Training, params: Params, tensors: dict[str, Tensor]) -> torch.optim.Optimizer | None:
    """The outer optimiser over the learned tensors, with the given state; None if nothing is learned."""
    leaves = list(learned(params).values())
    if not leaves:
        return None
    kinds = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    optimiser = kinds[recipe.optimiser](leaves, lr=recipe.meta_lr)
    names = list(learned(params))
    for full, value in tensors.items():
        key, name = full.split("/", 1)
        optimiser.state[leaves[names.index(name)]][key] = value.clone()
    return optimiser


def _optimiser_tensors(params: Params, optimiser: torch.optim.Optimizer | None) -> dict[str, Tensor]:
    if optimiser is None:
        return {}
    return {
        f"{key}/{name}": value.clone()
        for name, leaf in learned(params).items()
        for key, value in optimiser.state[leaf].items()
        if isinstance(value, Tensor)
    }


def _moved(params: Params, device: torch.device) -> Params:
    return {name: value.to(device) for name, value in params.items()}
