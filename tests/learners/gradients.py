"""Meta-gradients in float64, and their comparison with finite differences."""

import torch
from torch.func import grad

from metascore.learners.base import AbstractLearner, learned
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode
from metascore.randomness import generator

STEP = 1e-6


def started(learner: AbstractLearner) -> Params:
    """The learner's tensors before meta-training, in float64."""
    return {name: value.double() for name, value in learner.initialise(generator(3)).items()}


def disturbed(params: Params) -> Params:
    """Tensors none of which is special: gains are not 1, biases not 0."""
    random = generator(4)
    return {name: value + 0.1 * torch.rand(value.shape, generator=random) for name, value in params.items()}


def meta_gradient(learner: AbstractLearner, params: Params, episode: Episode, progress: float = 0.0) -> Params:
    """Gradient of the meta-loss of one episode by everything that is learned."""

    def loss(tensors: Params) -> torch.Tensor:
        return learner.meta_loss(params | tensors, episode, learner.phase(progress)).value

    return grad(loss)(learned(params))


def assert_equals_finite_differences(learner: AbstractLearner, params: Params, episode: Episode) -> None:
    """The meta-gradient along a random direction of each tensor, by central differences."""
    gradient, random = meta_gradient(learner, params, episode), generator(5)
    for name, value in params.items():
        direction = torch.randn(value.shape, generator=random)
        ahead, behind = (
            learner.meta_loss(params | {name: value + sign * STEP * direction}, episode, learner.phase(0.0)).value
            for sign in (1, -1)
        )
        slope = (ahead - behind) / (2 * STEP)
        torch.testing.assert_close((gradient[name] * direction).sum(), slope, rtol=1e-5, atol=1e-8)
