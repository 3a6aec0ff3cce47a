"""Meta-steps of a training: eager on a CPU; on a GPU captured as one graph, where a meta-batch is one chunk."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from metascore.errors import UserError
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode
from metascore.training.captured import Capture, CapturedSteps, cuda_graph, in_place
from metascore.training.meta_gradient import MetaGradient, gradient_of_chunk
from metascore.training.order import episode_indices
from metascore.training.outer import OuterOptimiser, rate

if TYPE_CHECKING:
    from metascore.training.loop import TrainingRun


class MetaSteps:
    """Changes parameters and the outer optimiser's state in place, step by step.

    `capture` is what makes a graph of a step; None for eager steps.
    """

    def __init__(
        self,
        run: TrainingRun,
        gradient: MetaGradient,
        params: Params,
        optimiser: OuterOptimiser,
        capture: Capture | None,
    ) -> None:
        self.run, self.gradient, self.params, self.optimiser = run, gradient, params, optimiser
        is_one_chunk = run.recipe.meta_batch <= gradient.chunk_size.size
        self._captured: CapturedSteps | None = None
        if capture is not None and is_one_chunk:
            optimiser.prepare()
            state = [*params.values(), *optimiser.state()]
            self._captured = CapturedSteps(self._device_step, state, capture)

    def __call__(self, iteration: int) -> float:
        """One meta-step; returns the meta-loss before it. Raises UserError where it is not finite."""
        loss = self._eager(iteration) if self._captured is None else self._replayed(iteration, self._captured)
        if not math.isfinite(loss):
            raise UserError(
                f"meta-training diverged at iteration {iteration + 1} (meta-loss {loss}): lower training.meta_lr or "
                "the learner's inner rate in params.yaml, or set training.clip_norm"
            )
        return loss

    def _index(self, iteration: int) -> Any:
        return episode_indices(len(self.run.episodes), self.run.seed, iteration, self.run.recipe.meta_batch)

    def _eager(self, iteration: int) -> float:
        progress = iteration / self.run.recipe.iterations
        gradient, loss, state = self.gradient(self.params, self.run.episodes, self._index(iteration), progress)
        if math.isfinite(loss):
            self.params.update(state)
            self.optimiser.step(gradient, rate(self.run.recipe, iteration))
        return loss

    def _replayed(self, iteration: int, captured: CapturedSteps) -> float:
        batch = self.run.episodes.batch(self._index(iteration))
        device = batch.query.x.device
        phase = tree_map_only(
            Tensor, lambda value: value.to(device), self.run.learner.phase(iteration / self.run.recipe.iterations)
        )
        at = torch.tensor(rate(self.run.recipe, iteration), dtype=torch.float32, device=device)
        return float(captured(phase, batch, at))

    def _device_step(self, phase: Any, batch: Episode, at: Tensor) -> Tensor:
        function: Callable[..., Any] = partial(gradient_of_chunk, self.gradient.learner)
        found, mean, new = self.gradient.recorder(self.gradient.learner, function, phase, self.params, batch)
        in_place(self.params, new)
        self.optimiser.step(found, at)
        return mean


def capture_on(device: torch.device) -> Capture | None:
    """What captures steps on a device."""
    return cuda_graph if device.type == "cuda" else None
