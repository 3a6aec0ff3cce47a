"""The outer optimiser, which applies meta-gradients, and its learning-rate schedules."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from metascore.config.recipe import Training
from metascore.learners.base import learned
from metascore.networks.tensors import Params

KINDS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}


class OuterOptimiser:
    """Changes a learner's learned tensors, in place."""

    def __init__(self, recipe: Training, params: Params, state: dict[str, Tensor]) -> None:
        """`state` is what `tensors` returned at the end of an earlier part of the training; empty at first."""
        self.recipe, self.leaves = recipe, learned(params)
        leaves = list(self.leaves.values()) or [torch.zeros(0)]
        graphs = {"capturable": True} if leaves[0].is_cuda and recipe.optimiser == "adam" else {}
        self._optimiser = KINDS[recipe.optimiser](leaves, lr=recipe.meta_lr, **graphs)
        for full, value in state.items():
            key, name = full.split("/", 1)
            self._optimiser.state[self.leaves[name]][key] = value.clone()

    def step(self, gradient: Params, at: float | Tensor) -> None:
        """One step along the gradient at this rate; a tensor without a gradient stays."""
        for name, value in gradient.items():
            self.leaves[name].grad = value
        if self.recipe.clip_norm is not None:
            torch.nn.utils.clip_grad_norm_([self.leaves[name] for name in gradient], self.recipe.clip_norm)
        for group in self._optimiser.param_groups:
            group["lr"] = at
        self._optimiser.step()

    def prepare(self) -> None:
        """Make the state that the first step would make, as it is before that step."""
        if not self._optimiser.state:
            before = {name: leaf.clone() for name, leaf in self.leaves.items()}
            self.step({name: torch.zeros_like(leaf) for name, leaf in self.leaves.items()}, 0.0)
            with torch.no_grad():
                for value in self.state():
                    value.zero_()
                for name, leaf in self.leaves.items():
                    leaf.copy_(before[name])
                    leaf.grad = None

    def state(self) -> list[Tensor]:
        """The tensors that it changes beside the parameters."""
        return [value for one in self._optimiser.state.values() for value in one.values() if isinstance(value, Tensor)]

    def tensors(self) -> dict[str, Tensor]:
        """The state of the optimiser: tensors by kind and parameter name."""
        return {
            f"{key}/{name}": value.clone()
            for name, leaf in self.leaves.items()
            for key, value in self._optimiser.state[leaf].items()
            if isinstance(value, Tensor)
        }


def rate(recipe: Training, iteration: int) -> float:
    """The learning rate of meta-step `iteration`."""
    progress = iteration / recipe.iterations
    drop = recipe.meta_lr - recipe.final_lr
    match recipe.schedule:
        case "linear":
            return recipe.final_lr + drop * (1 - progress)
        case "cosine":
            return recipe.final_lr + drop * (1 + math.cos(math.pi * progress)) / 2
        case "halving":
            return recipe.meta_lr * 0.5 ** (iteration // recipe.halve_every)
        case _:
            return recipe.meta_lr
