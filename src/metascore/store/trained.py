"""A trained learner, from its checkpoint alone: what it learned, its recipe, and the pictures that it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from metascore import problems
from metascore.errors import UserError
from metascore.learners import base
from metascore.learners.base import AbstractLearner
from metascore.networks.tensors import Params
from metascore.problems.base import Problem
from metascore.problems.pictures import PictureClassification
from metascore.store import checkpoint

EARLIER_NAMES = {"characters": "num_classes"}  # of fields, in checkpoints that were published before


@dataclass(frozen=True)
class Trained:
    """What a checkpoint holds."""

    path: Path
    params: Params
    recipe: Mapping[str, Any]
    problem: PictureClassification

    def learner(self, way: int, shot: int) -> AbstractLearner:
        """The learner for episodes of another shape. Raises UserError where its tensors are for the old one only."""
        problem = replace(self.problem, way=way, shot=shot)
        learner = base.load(self.recipe["learner"], problem, dict(self.recipe["hyper_parameters"]))
        if not base.matches_checkpoint(learner, self.params):
            raise UserError(
                f"{self.path}: {self.recipe['learner']} has learned {self.problem.way} outputs, and there are {way} "
                f"classes: give {self.problem.way}, or take a learner of the metric family"
            )
        return learner


def load(path: Path, device: torch.device) -> Trained:
    """Raises UserError where the file is no checkpoint of a learner of pictures."""
    params, identity = checkpoint.load(path, device, "give the checkpoint.safetensors of a run")
    if not {"problem", "recipe"} <= identity.keys():
        raise UserError(f"{path}: does not say what it was trained for, as older ones: run `metascore train` again")
    stated = identity["problem"].items()
    keys: dict[str, Any] = {
        EARLIER_NAMES.get(name, name): tuple(value) if isinstance(value, list) else value for name, value in stated
    }
    kind: type[Problem] = problems.find(keys.pop("kind"))
    if not issubclass(kind, PictureClassification):
        raise UserError(f"{path}: was trained on {kind.name}: only learners of pictures can be asked about some")
    return Trained(path, params, identity["recipe"], kind(**keys))
