"""What a learner says of a step of its adaptation."""

import pytest

from metascore.learners.chance import Chance
from metascore.learners.maml import MAML
from metascore.learners.reptile import Reptile
from metascore.learners.scratch import Scratch
from metascore.problems.omniglot import Omniglot

FIVE = Omniglot(way=5, shot=2, query=3)


def reptile(test_batch):
    return Reptile(
        FIVE, width=8, inner_lr=0.1, train_updates=4, train_batch=5, updates_per_step=3, test_batch=test_batch,
        test_steps=2, transductive=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "learner, updates, examples",
    [
        (Chance(FIVE), 0, 10),
        (MAML(FIVE, width=8, inner_lr=0.1, train_steps=1, test_steps=3), 1, 10),
        (Scratch(FIVE, width=8, inner_lr=0.1, updates_per_step=4, test_steps=2), 4, 40),
        (reptile(test_batch=5), 3, 15),
        (reptile(test_batch=50), 3, 30),  # the support set has no more
    ],
    ids=str,
)
def test_updates_and_examples_of_a_step_by_hand(learner, updates, examples):
    axes = learner.axes()
    assert (axes["updates"], axes["examples"]) == (updates, examples)
