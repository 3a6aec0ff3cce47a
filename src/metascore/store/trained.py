"""A trained learner from its checkpoint alone: its tensors, its recipe and the problem that it was trained on.

A checkpoint may come from anywhere: what it states is checked before it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from metascore import problems
from metascore.config import signatures
from metascore.errors import UserError
from metascore.learners import base
from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.problems.base import Problem
from metascore.problems.pictures import PictureClassification
from metascore.store import checkpoint

CURE = "give the checkpoint.safetensors of a run"
LARGEST = 4096  # number in a problem or among hyper-parameters
EARLIER_NAMES = {"characters": "num_classes"}  # of fields, in checkpoints that were published before


@dataclass(frozen=True)
class Trained:
    """What a checkpoint holds."""

    path: Path
    params: Params
    recipe: Mapping[str, Any]
    problem: PictureClassification

    def learner(self, way: int, shot: int) -> AbstractLearner:
        """Return the learner for episodes of another shape. Raises UserError where it can only do its own."""
        learner = self._built(replace(self.problem, way=way, shot=shot))
        if not base.matches_checkpoint(learner, self.params):
            raise UserError(
                f"{self.path}: {self.recipe['learner']} has learned {self.problem.way} outputs, and there are {way} "
                f"classes: give {self.problem.way}, or take a learner of the metric family"
            )
        return learner

    def check(self) -> None:
        """Raise ValueError where hyper-parameters or tensors are not those of the learner.

        Numbers have a limit, because 10^9 steps of adaptation would never end.
        """
        types = signatures.of(self.recipe["learner"]).types
        for name, value in self.recipe["hyper_parameters"].items():
            types[name].validate_python(value)
            if isinstance(value, int | float) and not abs(value) <= LARGEST:
                raise ValueError(f"{name}: {value} is more than {LARGEST}")
        others = [str(value.dtype) for value in self.params.values() if value.dtype != torch.float32]
        if others:
            raise ValueError(f"it has tensors of {others[0]}, where a learner's are torch.float32")
        if not base.matches_checkpoint(self._built(self.problem), self.params):
            raise ValueError("its tensors are not those of its learner")

    def _built(self, problem: PictureClassification) -> AbstractLearner:
        return base.load(self.recipe["learner"], problem, dict(self.recipe["hyper_parameters"]))


def load(path: Path, device: torch.device) -> Trained:
    """Load a checkpoint. Raises UserError where the file is not one of a learner of pictures, or contradicts itself."""
    params, metadata = checkpoint.load(path, device, CURE)
    if not {"problem", "recipe"} <= metadata.keys():
        raise UserError(f"{path}: does not say what it was trained for, as older ones: run `metascore train` again")
    try:
        found = Trained(path, params, metadata["recipe"], _problem(metadata["problem"]))
        found.check()
    except UserError as error:
        raise UserError(f"{path}: {error}: {CURE}") from error
    except Exception as error:  # metadata that were written by hand can fail in any way
        raise UserError(f"{path}: not a checkpoint ({' '.join(str(error).split())}): {CURE}") from error
    return found


def _problem(stated: Mapping[str, Any]) -> PictureClassification:
    keys: dict[str, Any] = {
        EARLIER_NAMES.get(name, name): tuple(value) if isinstance(value, list) else value
        for name, value in stated.items()
    }
    kind: type[Problem] = problems.find(keys.pop("kind"))
    if not issubclass(kind, PictureClassification):
        raise UserError(f"was trained on {kind.name}, and only learners of pictures can be asked about pictures")
    problem = kind(**keys)
    numbers = problem.way, problem.shot, problem.query, problem.look.size
    if not all(type(number) is int and 1 <= number <= LARGEST for number in numbers):
        raise ValueError(f"its problem has numbers that are not from 1 to {LARGEST}")
    return problem
