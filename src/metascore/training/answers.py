"""Class probabilities that a trained learner gives to pictures outside any episode file."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.learners.base import AbstractLearner, last
from metascore.networks.tensors import Params
from metascore.problems.examples import Examples


def probabilities(
    learner: AbstractLearner,
    params: Params,
    support: Float[Tensor, "way shot height width channel"],
    queries: Float[Tensor, "n height width channel"],
    steps: int | None = None,
) -> Float[Tensor, "n way"]:
    """The probability of each class after `steps` adaptation steps; None: as many as the learner declares.

    The episode is mapped over as fine-tuning maps over many, which gives the same bits.
    """
    way, shot = support.shape[:2]
    y = torch.arange(way, device=support.device).repeat(shot)
    examples = Examples(support.transpose(0, 1).flatten(0, 1), y, torch.zeros_like(y))

    def answer(x: Tensor, y: Tensor, nothing: Tensor, queries: Tensor) -> Tensor:
        steps_ = learner.test_steps if steps is None else steps
        state = last(learner.adapt(params, Examples(x, y, nothing), steps_))
        return learner.predict(state, queries).softmax(1)

    with torch.no_grad():
        return torch.func.vmap(answer)(*(one[None] for one in (*examples, queries)))[0]
