"""The contract of a learner: it adapts to a support set and returns a predictor.

A learner is a set of pure functions, written for one episode; the trainer batches them over episodes with
torch.func.vmap. `Params` maps names to tensors. No gradient learns the tensors whose names begin with `state.`, such
as running statistics: `meta_loss` returns their new values, and the trainer averages these over a meta-batch.
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
MOMENTUM = 0.1  # weight of a new meta-batch in running statistics; PyTorch's default


class MetaLoss(NamedTuple):
    """The meta-objective of one episode, and the new values of its `state.` tensors."""

    value: Float[Tensor, ""]
    state: Params = {}  # noqa: RUF012  never changed in place


class Steps:
    """The numbers of adaptation steps: fields or constants of a learner that adapts, else 0."""

    train_steps: int
    test_steps: int  # the adaptation curve is flat after these

    def __init_subclass__(cls) -> None:
        """Sets 0 where a class declares nothing. An inherited value would become the default of the field."""
        super().__init_subclass__()
        for name in ("train_steps", "test_steps"):
            if name not in vars(cls) and name not in cls.__annotations__:
                setattr(cls, name, 0)


@dataclass(frozen=True)
class AbstractLearner(Steps, abc.ABC):
    """Subclasses are final: a variant is a hyper-parameter, not a subclass.

    A subclass is a frozen dataclass with keyword-only fields. The fields are the hyper-parameters and their schema;
    class variables and properties declare everything else.
    """

    problem: Problem

    family: ClassVar[str]  # metric, model, optimisation, baseline or control
    citation: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ("has_classes", "has_images")  # properties that a problem must have
    learns: ClassVar[bool] = True  # by gradient across episodes; False: no meta-training
    any_way: ClassVar[bool] = False  # tensors have the same shapes for every number of ways
    surrogate: ClassVar[bool] = False  # only the gradient of the meta-loss is meaningful, its value need not fall
    relabelling_permutes: ClassVar[bool] = False  # permuted labels give exactly permuted outputs
    adapts: ClassVar[bool] = False  # in steps, rather than in one pass

    @property
    def support_order_matters(self) -> bool:
        """Whether the order of the support set may change predictions."""
        return False

    @property
    def normalisation(self) -> str:
        """How batch norm treats images: transductive, inductive or none (see `batch_norm`)."""
        return "none"

    @property
    def batch_norm(self) -> str:
        """Transductive: predictions depend on the other queries; inductive: they do not; none: no batch norm."""
        return self.normalisation if self.problem.has_images else "none"

    @property
    def gradient_order(self) -> int:
        """The order of the meta-gradient: 2 through the inner steps, 1 not through them, 0 without inner steps."""
        return 0

    @property
    def updates(self) -> int:
        """Gradient updates in one adaptation step; 0 without adaptation steps."""
        return int(self.adapts)

    @property
    def examples(self) -> int:
        """Support examples that one adaptation step sees; without steps, those that the adaptation sees."""
        return max(self.updates, 1) * self.problem.way * self.problem.shot

    @abc.abstractmethod
    def initialise(self, generator: torch.Generator) -> Params:
        """All tensors of the learner before meta-training, on the CPU."""

    @abc.abstractmethod
    def meta_loss(self, params: Params, episode: Episode, phase: Any) -> MetaLoss:
        """The meta-objective of one episode, in the phase of meta-training that `phase` returned."""

    def phase(self, progress: float) -> Any:
        """What the meta-loss needs to know of the `progress` in [0, 1] of meta-training; None: nothing.

        Its tensors may change in every step: annealed weights, or noise such as masks of dropout, from a generator
        whose seed `progress` determines. Everything else selects a recording: for equal values the meta-loss must do
        the same operations.
        """
        return None

    def checkpointed(self, params: Params) -> Params:
        """The trained tensors that a checkpoint keeps: those that adaptation and prediction use."""
        return params

    @abc.abstractmethod
    def adapt(self, params: Params, support: Examples, steps: int) -> Iterator[Any]:
        """The states after 0, 1, ..., `steps` adaptation steps; later steps do not change earlier states."""

    @abc.abstractmethod
    def predict(self, adapted: Any, x: Tensor) -> Float[Tensor, "n outputs"]:
        """The outputs (n, outputs) of an adapted state for queries x (n, *example), such as logits."""

    def axes(self) -> dict[str, str | int]:
        """The properties of the learner that tables show beside its scores."""
        names = ("family", "batch_norm", "gradient_order", "train_steps", "test_steps", "updates", "examples")
        return {name: getattr(self, name) for name in names}


def learned(params: Params) -> Params:
    """The tensors that meta-training learns by gradient: all but `state.`."""
    return {name: value for name, value in params.items() if not name.startswith(STATE)}


def matches_checkpoint(learner: AbstractLearner, params: Params) -> bool:
    """Whether these tensors have the names and shapes of a checkpoint of the learner."""
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
    """The running batch-norm statistics among a learner's tensors, by their names in the encoder."""
    return {name.removeprefix(STATE): value for name, value in params.items() if name.startswith(STATE)}


def updated_running_statistics(params: Params, moments: Moments) -> Params:
    """New `state.` tensors: exponential averages of batch-norm statistics with weight MOMENTUM."""
    return {STATE + name: torch.lerp(params[STATE + name], value.detach(), MOMENTUM) for name, value in moments.items()}


def load(file: str, problem: Problem, hyper_parameters: dict[str, Any]) -> AbstractLearner:
    """The learner of this file for a problem. Raises UserError, with the line, for an error in the file."""
    return found(file)(problem, **hyper_parameters)


def found(file: str) -> type[AbstractLearner]:
    """The class in learners/{file}.py, or in the module that another package offers by this name."""
    with learner_errors(str(signatures.path_of(file))):
        module = importlib.import_module(signatures.module_of(file))
    return learner_class(module)


def file_of(learner: AbstractLearner) -> str:
    """The path of the file that defines a learner's class."""
    return inspect.getfile(type(learner))


def learner_class(module: Any) -> type[AbstractLearner]:
    """The one learner that a module defines. Raises TypeError where there are none or several."""
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and value.__module__ == module.__name__ and issubclass(value, AbstractLearner)
    ]
    if len(classes) != 1:
        raise TypeError(f"{module.__name__} must define exactly one learner, not {len(classes)}")
    return classes[0]
