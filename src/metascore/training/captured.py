"""Meta-steps as one graph of a GPU's kernels: on a GPU, Python is the cost of a meta-step.

A graph has the meta-gradient of one chunk, the clipping of its norm, the outer optimiser and the new running
statistics. Its inputs lie in tensors of its own, into which each step copies; parameters are changed in place. There is
one graph for each recording: for each structure and layout of what a step reads.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map_only

from metascore.networks.tensors import Params
from metascore.training.replay import hashable

log = logging.getLogger(__name__)
WARM_UPS = 3  # calls before the capture: libraries choose their kernels and allocate their workspaces then

Capture = Callable[[Callable[[], Tensor]], Callable[[], Tensor]]


def cuda_graph(step: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """A function that replays what `step` did on the GPU; its result is the same tensor each time."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UPS):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = step()

    def replay() -> Tensor:
        graph.replay()
        return result

    return replay


def called_again(step: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """The same interface without a graph: the step is called again."""
    return step


class CapturedSteps:
    """A step of tensors that changes some of them in place, captured once for each structure of its inputs.

    `step(*inputs)` returns the loss. `state` are the tensors that it changes: they are put back after a capture, whose
    warm-up has changed them.
    """

    def __init__(self, step: Callable[..., Tensor], state: list[Tensor], capture: Capture = cuda_graph) -> None:
        self.step, self.state, self.capture = step, state, capture
        self._graphs: dict[Hashable, tuple[list[Tensor], Callable[[], Tensor]]] = {}
        self.is_possible = True

    def __call__(self, *inputs: Any) -> Tensor:
        """The loss of a step with these inputs."""
        if not self.is_possible:
            return self.step(*inputs)
        leaves, structure = tree_flatten(inputs)
        tensors = [leaf for leaf in leaves if isinstance(leaf, Tensor)]
        key = (hashable(structure), *(_layout(leaf) if isinstance(leaf, Tensor) else leaf for leaf in leaves))
        if key not in self._graphs:
            captured = self._captured(inputs)
            if captured is None:
                return self.step(*inputs)
            self._graphs[key] = captured
        places, replay = self._graphs[key]
        for place, tensor in zip(places, tensors, strict=True):
            place.copy_(tensor)
        return replay()

    def _captured(self, inputs: tuple[Any, ...]) -> tuple[list[Tensor], Callable[[], Tensor]] | None:
        """Places for the inputs and a function that replays the step; None where the capture failed."""
        before = [value.clone() for value in self.state]
        own = tree_map_only(Tensor, torch.clone, inputs)
        try:
            replay = self.capture(lambda: self.step(*own))
        except RuntimeError as error:
            log.warning("no CUDA graph of the meta-step (%s): it goes on without", " ".join(str(error).split())[:200])
            self.is_possible = False
            replay = None
        with torch.no_grad():
            for value, old in zip(self.state, before, strict=True):
                value.copy_(old)
        places = [leaf for leaf in tree_flatten(own)[0] if isinstance(leaf, Tensor)]
        return None if replay is None else (places, replay)


def _layout(value: Tensor) -> Hashable:
    return tuple(value.shape), value.stride(), value.dtype, value.device


def in_place(params: Params, new: Params) -> None:
    """Give tensors new values without new memory."""
    for name, value in new.items():
        params[name].copy_(value)
