"""The process that computes: what it imports, and what it doesn't."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import numpy as np
import torch
from metascore.learners.maml import MAML
from metascore.training.meta_gradient import MetaGradient
from metascore.problems.sine import Sine
from metascore.randomness import generator
from metascore.stages import finetune, train
from metascore.training import machine

with machine.prepared() as device:
    waves = Sine(shot=5, query=5)
    episodes = waves.episodes(waves.draw("train", 4, {"seed": 0, "grid": False}), torch.device("cpu"))
    learner = MAML(problem=waves, width=4, inner_lr=0.1, train_steps=2, test_steps=2)
    gradient, params = MetaGradient(learner), learner.initialise(generator(0))
    for _ in range(6):
        gradient(params, episodes, np.arange(4), 0.0)
    print(*sorted(sys.modules.keys() & {"torch._dynamo", "sympy", "pandas", "matplotlib"}))
    %s
"""


def printed(more: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM % more], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


ASKED = "torch.are_deterministic_algorithms_enabled(), torch.utils.deterministic.fill_uninitialized_memory"


@pytest.fixture(scope="module")
def trained() -> list[str]:
    """What a process that trains has imported, and how it treats memory."""
    return printed(f"print({ASKED})")


def test_training_waits_for_no_compiler_and_no_tables(trained):
    """Each of them is a second or so at the start of every run."""
    assert trained[0] == ""


COMPILED = pytest.param("torch.compile(torch.sin, backend='eager')", marks=pytest.mark.slow)


@pytest.mark.parametrize("use", ["torch._dynamo.config.verbose", COMPILED])
def test_who_wants_the_compiler_gets_it(use):
    assert printed(f"{use}; print('torch._dynamo' in sys.modules)")[-1] == "True"
