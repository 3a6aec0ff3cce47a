"""A small workflow whose stages are real, for tests of what happens to it: three tiny learners on synthetic glyphs."""

from pathlib import Path
from typing import Any

import pytest
from small_project import write_params
from temporary_project import Project, copy, copy_project


def learners(validations: int) -> dict[str, Any]:
    """MAML is validated every ten iterations: as often can its training be caught."""
    training = {"iterations": 10 * validations, "meta_batch": 2, "validations": validations}
    return {
        "chance": {},
        "protonet": {"width": 4, "training": {"iterations": 8, "meta_batch": 2, "validations": 4}},
        "maml": {"width": 4, "inner_lr": 0.4, "train_steps": 2, "test_steps": 3, "training": training},
    }


def not_run(place: Path, validations: int) -> Project:
    """A copy of the project with these learners."""
    project = copy_project(place)
    write_params(project.path, learners(validations))
    project.set_parameter("data.omniglot.sources", ["glyphs"])
    return project


def run(pristine: Project, place: Path) -> Project:
    """The same after a whole run on this machine."""
    project = copy(pristine, place)
    project.call("snakemake", "--cores", "2")
    return project


def mark_slow(items: list[pytest.Item], folder: Path) -> None:
    """Everything in a folder takes minutes."""
    for item in items:
        if folder in item.path.parents:
            item.add_marker(pytest.mark.slow)
