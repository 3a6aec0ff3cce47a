"""Episodes on another device, without one: on tensors without contents that seem to lie there."""

from typing import Any

import numpy as np
import pytest
import torch
from golden import small
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_leaves

from metascore.problems.pictures import Gathered
from metascore.training.checks.purity import ELSEWHERE

THERE = torch.device(ELSEWHERE)


@pytest.mark.parametrize("kind", ["omniglot", "images", "sine", "navigation"])
def test_episodes_are_made_on_the_device_of_their_material(kind: str) -> None:
    """Indexing included, and the way back."""
    _, episodes, _ = small(kind)
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        batch = moved(episodes, mode).batch(np.arange(2))
        tensors = tree_leaves(batch)
        assert {tensor.device for tensor in tensors} == {THERE}
        assert {tensor.cpu().device.type for tensor in tensors} == {"cpu"}
    here = tree_leaves(episodes.batch(np.arange(2)))
    assert [(tensor.shape, tensor.dtype) for tensor in tensors] == [(tensor.shape, tensor.dtype) for tensor in here]


def moved(episodes: Any, mode: FakeTensorMode) -> Any:
    """The same episodes, whose material seems to lie on another device."""
    if isinstance(episodes, Gathered):
        images = mode.from_tensor(episodes.material.images).to(THERE)
        return Gathered(episodes.rows, episodes.problem, episodes.material._replace(images=images))
    values = dict(vars(episodes)) | {"device": THERE}
    return type(episodes)(**values)
