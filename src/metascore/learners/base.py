"""The contract of a learner: given a support set, return a predictor.

A learner is a bundle of pure functions of its arguments, written for one episode; the trainer batches them over
episodes with torch.func.vmap. `Params` maps names to tensors. Names that begin with `state.` are not learned by
gradient (running statistics, moments of an inner optimiser): `meta_loss` returns their new values, and the trainer
averages those over the episodes of a meta-batch.
"""

from __future__ import annotations

import abc
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from metascore.config import signatures
from metascore.learners.learner_errors import learner_errors
from metascore.networks.tensors import Moments, Params
from metascore.problems.base import Problem
from metascore.problems.examples import Episode, Examples
from metascore.randomness import generator

STATE = "state."
MOMENTUM = 0.1  # weight of a new meta-batch in running statistics, PyTorch's default


class MetaLoss(NamedTuple):
    """The meta-objective of one episode, and the new values of what is not learned by gradient."""

    value: Float[Tensor, ""]
    state: Params = {}  # noqa: RUF012  never changed in place


class Steps:
    """How often a learner adapts: fields or constants of those that do."""

    train_steps: int
    test_steps: int  # its adaptation curve is flat after these

    def __init_subclass__(cls) -> None:
        """None where a learner says nothing. A value inherited from here would become the default of such a field."""
        super().__init_subclass__()
        for name in ("train_steps", "test_steps"):
            if name not in vars(cls) and name not in cls.__annotations__:
                setattr(cls, name, 0)


@dataclass(frozen=True)
class AbstractLearner(Steps, abc.ABC):
    """Subclasses are final: a variant is a hyper-parameter, not a subclass.

    A subclass is a frozen dataclass with keywords only. Its fields are the hyper-parameters and their schema; what
    else is true of it stands in class variables and properties.
    """

    problem: Problem

    family: ClassVar[str]  # metric, model, optimisation, baseline or control
    citation: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ("has_classes", "has_images")  # of a problem, or it can't do it
    learns: ClassVar[bool] = True  # by gradient, across episodes: without a tensor to train there is no `training`
    surrogate: ClassVar[bool] = False  # its meta-loss only has the right gradient: its value need not fall
    relabelling_permutes: ClassVar[bool] = False  # outputs follow a permutation of the labels exactly
    adapts: ClassVar[bool] = False  # by steps, rather than in one pass

    @property
    def support_order_matters(self) -> bool:
        """Whether another order of the support set may change the answers."""
        return False

    @property
    def normalisation(self) -> str:
        """Of images, by batch norm: transductive, inductive or none (see `batch_norm`)."""
        return "none"

    @property
    def batch_norm(self) -> str:
        """Transductive: a prediction depends on the other queries; inductive: it doesn't; none: no batch norm."""
        return self.normalisation if self.problem.has_images else "none"

    @property
    def gradient_order(self) -> int:
        """Of the meta-gradient: 2 through the inner steps, 1 not through them, 0 where there are no inner steps."""
        return 0

    @property
    def updates(self) -> int:
        """Gradient updates in one adaptation step: 0 where there are no steps."""
        return int(self.adapts)

    @property
    def examples(self) -> int:
        """Support examples that one adaptation step sees, or the whole adaptation where there are no steps."""
        return max(self.updates, 1) * self.problem.way * self.problem.shot

    @abc.abstractmethod
    def initialise(self, generator: torch.Generator) -> Params:
        """Every tensor of the learner before meta-training, on the CPU."""

    @abc.abstractmethod
    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        """The meta-objective of one episode; of how far meta-training has come it sees what `phase` says."""

    def phase(self, progress: float) -> Any:
        """What the meta-loss is told where `progress` in [0, 1] of meta-training is done: None, if nothing.

        Tensors in it may change from step to step: weights that are annealed, or noise such as the masks of dropout,
        from a generator whose seed `progress` determines. All else is part of the function that is recorded: where it
        is equal, the meta-loss does the same operations.
        """
        return None

    def checkpointed(self, params: Params) -> Params:
        """Of the trained tensors those that a checkpoint holds: all that adaptation and prediction look at."""
        return params

    @abc.abstractmethod
    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Any]:
        """The state after 0, 1, ..., `steps` adaptation steps: steps + 1 states, none of them changed later."""

    @abc.abstractmethod
    def predict(self, adapted: Any, x: Tensor) -> Float[Tensor, "n outputs"]:
        """What an adapted state answers to queries x (n, ...), such as logits."""

    def axes(self) -> dict[str, str | int]:
        """What tables say about the learner beside its scores."""
        names = ("family", "batch_norm", "gradient_order", "train_steps", "test_steps", "updates", "examples")
        return {name: getattr(self, name) for name in names}


def learned(params: Params) -> Params:
    """The tensors that meta-training learns by gradient."""
    return {name: value for name, value in params.items() if not name.startswith(STATE)}


def matches_checkpoint(learner: AbstractLearner, params: Params) -> bool:
    """Whether these tensors have the names and shapes of what a checkpoint of the learner holds."""
    expected, found = (
        {name: value.shape for name, value in learner.checkpointed(tensors).items()}
        for tensors in (learner.initialise(generator(0, "shapes")), params)
    )
    return found == expected


def last(states: Iterator[Any]) -> Any:
    """The final state of an adaptation."""
    state = next(states)
    for state in states:  # noqa: B007  keep the last one only
        pass
    return state


def running_statistics(params: Params) -> Moments:
    """The running statistics of batch norm among a learner's tensors, by their names in an encoder."""
    return {name.removeprefix(STATE): value for name, value in params.items() if name.startswith(STATE)}


def updated_running_statistics(params: Params, moments: Moments) -> Params:
    """Exponential averages of batch-norm statistics, as new values of the `state.` tensors."""
    return {STATE + name: torch.lerp(params[STATE + name], value.detach(), MOMENTUM) for name, value in moments.items()}


def load(file: str, problem: Problem, hyper_parameters: dict[str, Any]) -> AbstractLearner:
    """The learner of this file for a problem. Raises UserError, with the line, where its file is at fault."""
    return found(file)(problem, **hyper_parameters)


def found(file: str) -> type[AbstractLearner]:
    """The class in learners/{file}.py, or in the module that another package offers by this name."""
    with learner_errors(str(signatures.path_of(file))):
        module = importlib.import_module(signatures.module_of(file))
    return learner_class(module)


def file_of(learner: AbstractLearner) -> str:
    """Where a learner's class is written."""
    return inspect.getfile(type(learner))


def learner_class(module: Any) -> type[AbstractLearner]:
    """The one learner that a module defines."""
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and issubclass(value, AbstractLearner)
    ]
    if len(classes) != 1:
        raise TypeError(f"{module.__name__} must define exactly one learner, not {len(classes)}")
    return classes[0]
