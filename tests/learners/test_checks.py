"""The checks find what goes wrong in a learner's file, and say in one line how to mend it."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from metascore.errors import UserError
from metascore.learners.base import AbstractLearner, MetaLoss, last
from metascore.learners.learner_errors import learner_errors
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples
from metascore.problems.omniglot import Omniglot
from metascore.randomness import generator
from metascore.training.checks import CHECKS, faults
from metascore.training.checks.subject import QUERY, SHOT, WAY, Held, Subject
from metascore.training.meta_gradient import MetaGradient

learner = partial(dataclass, frozen=True, kw_only=True)
PROBLEM = Omniglot(way=WAY, shot=SHOT, query=QUERY, num_classes=9)


@learner
class Linear(AbstractLearner):
    """Nearest class means in a linear embedding: nothing is wrong with it."""

    family: ClassVar[str] = "metric"
    citation: ClassVar[str] = "none"

    def initialise(self, generator: torch.Generator) -> Params:
        return {"w": torch.randn(784, 8, generator=generator)}

    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        centres = last(self.adapt(params, episode.support, 0))
        return MetaLoss(self.problem.loss(lambda x: self.predict(centres, x), episode.query))

    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Any]:
        classes = functional.one_hot(support.y, self.problem.outputs).to(support.x.dtype)
        centres = classes.T @ self.embed(params, support.x)
        for _ in range(steps + 1):
            yield params, centres

    def predict(self, adapted: Any, x: Tensor) -> Tensor:
        params, centres = adapted
        return -(self.embed(params, x)[:, None] - centres).square().sum(2) / 1000

    def embed(self, params: Params, x: Tensor) -> Tensor:
        return x.flatten(1) @ params["w"]


class Undecorated(Linear):
    calls = 0

    def predict(self, adapted, x):
        self.calls += 1
        return super().predict(adapted, x)


@learner
class Device(Linear):
    def predict(self, adapted, x):
        return super().predict(adapted, x) @ torch.eye(self.problem.outputs)


@learner
class Probabilities(Linear):
    def predict(self, adapted, x):
        return super().predict(adapted, x).softmax(1)


@learner
class Counter(Linear):
    calls = 0

    def predict(self, adapted, x):
        self.calls += 1
        return super().predict(adapted, x)


@learner
class Cache(Linear):
    """A count in a list, which a frozen dataclass cannot refuse."""

    calls: list[int] = field(default_factory=lambda: [0])

    def predict(self, adapted, x):
        self.calls[0] += 1
        return super().predict(adapted, x) + self.calls[0]


@learner
class SupportInPlace(Linear):
    def adapt(self, params, support, steps):
        support.x.mul_(2)
        yield from super().adapt(params, support, steps)


@learner
class InPlaceInTraining(Linear):
    def meta_loss(self, params, episode, phase):
        if torch._C._functorch.is_batchedtensor(episode.support.x):  # what one episode alone would not show
            episode.support.x.mul_(2)
        return super().meta_loss(params, episode, phase)


@learner
class StateInPlace(Linear):
    def adapt(self, params, support, steps):
        for state in super().adapt(params, support, steps):
            state[1].add_(1)
            yield state


@learner
class NumpyNoise(Linear):
    def predict(self, adapted, x):
        noise = torch.from_numpy(np.random.default_rng().normal(size=(len(x), 1))).to(x.dtype)
        return super().predict(adapted, x) + noise * torch.arange(self.problem.outputs)


@learner
class GlobalGenerator(Linear):
    def adapt(self, params, support, steps):
        np.random.rand()  # noqa: NPY002
        return super().adapt(params, support, steps)


@learner
class Dropout(Linear):
    def embed(self, params, x):
        return functional.dropout(super().embed(params, x))


@learner
class Unseeded(Linear):
    def initialise(self, generator):
        return {"w": torch.randn(784, 8)}


@learner
class Values(Linear):
    def predict(self, adapted, x):
        return super().predict(adapted, x) * (2 if x.sum() > 0 else 1)


@learner
class Transductive(Linear):
    def embed(self, params, x):
        return super().embed(params, x - x.mean(0))


@learner
class Unused(Linear):
    def initialise(self, generator):
        return super().initialise(generator) | {"v": torch.zeros(1)}


@learner
class Forgetful(Linear):
    """Adapts by a tensor that its checkpoints have not."""

    def initialise(self, generator):
        return super().initialise(generator) | {"bias": torch.ones(8)}

    def checkpointed(self, params):
        return {"w": params["w"]}

    def embed(self, params, x):
        return super().embed(params, x) * params.get("bias", 2)


@learner
class Inventive(Linear):
    def checkpointed(self, params):
        return {"w": params["w"].half()}


FAULTS = {
    Undecorated: ("is_a_frozen_dataclass", "@dataclass(frozen=True, kw_only=True)"),
    Device: ("tensors_are_made_where_the_others_are", "device=x.device"),
    Probabilities: ("outputs_are_logits", "return logits"),
    Counter: ("shapes_are_those_of_the_contract", "a learner never changes"),
    Cache: ("a_second_call_gives_the_same", "depend on its arguments alone"),
    SupportInPlace: ("nothing_is_changed", "write a new tensor"),
    InPlaceInTraining: ("nothing_is_changed", "a batch changed in place"),
    StateInPlace: ("nothing_is_changed", "yield new tensors"),
    NumpyNoise: ("a_second_call_gives_the_same", "noise to train with comes from `phase`"),
    GlobalGenerator: ("a_second_call_gives_the_same", "global generator"),
    Dropout: ("mapping_over_episodes_equals_a_loop", "draw noise in `phase`"),
    Unseeded: ("a_seed_determines_the_beginning", "draw from the generator that it gets"),
    Values: ("mapping_over_episodes_equals_a_loop", "torch.where"),
    Transductive: ("other_queries_matter_only_to_transductive_learners", "`normalisation`"),
    Forgetful: ("a_checkpoint_holds_all_that_answers_need", "never see"),
    Inventive: ("a_checkpoint_holds_all_that_answers_need", "return some of those"),
    Unused: ("meta_gradients_are_finite_and_not_zero", "no meta-gradient of v"),
}


def subject(kind: type[AbstractLearner]) -> Subject:
    return Subject(lambda problem: kind(problem=problem), PROBLEM)


def test_a_good_learner_has_no_faults():
    assert faults(subject(Linear)) == []


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_a_fault_is_one_line_with_its_cure(kind):
    name, cure = FAULTS[kind]
    (check,) = (check for check in CHECKS if check.__name__ == name)
    with pytest.raises(UserError) as error, learner_errors(__file__):
        check(subject(kind))
    assert cure in str(error.value) and "\n" not in str(error.value)
    assert any(line.startswith(name.replace("_", " ")) for line in faults(subject(kind)))


@pytest.mark.parametrize("kind", [Counter, Dropout, Values])
def test_training_names_the_learners_line(kind):
    """The line in its own file, whatever lies between."""
    learner, held = kind(problem=PROBLEM), Held(subject(kind).batch())
    with pytest.raises(UserError) as error:
        MetaGradient(learner)(learner.initialise(generator(0)), held, np.arange(2), 0.0)
    lines, first = inspect.getsourcelines(kind)
    line = int(str(error.value).split(", line ")[1].split(":")[0])
    assert __file__ in str(error.value) and first <= line < first + len(lines)


def test_noise_from_the_phase_is_allowed():
    @learner
    class Masked(Linear):
        """A mask for each progress."""

        def phase(self, progress):
            return torch.rand(784, generator=generator(int(1e6 * progress), "mask")) < 0.5

        def meta_loss(self, params, episode, phase):
            return super().meta_loss({"w": params["w"] * phase[:, None]}, episode, phase)

    assert faults(subject(Masked)) == []
