"""A wrong formula of each learner leaves other fingerprints: `metascore vouch` never takes it for the right one.

`chance` is left out: whatever class it names, one query in N is right.
"""

import dataclasses
import inspect
import sys
from types import ModuleType

import pytest
import torch
from cases import Case, configuration
from metascore.training.fingerprints import Fingerprints

from metascore.config.recipe import Training
from metascore.learners import base
from metascore.learners.base import AbstractLearner
from metascore.orchestration import agreement
from metascore.randomness import generator
from metascore.training.loop import TrainingRun, beginning, meta_train

MUTATIONS = {
    "siamese": ("(a[:, None] - b[None]).abs()", "(a[:, None] - b[None]).square()"),
    "matching": ("cosine / self.temperature", "1.01 * cosine / self.temperature"),
    "relation": ("logits.sigmoid() - target", "1.01 * logits.sigmoid() - target"),
    "protonet": ("logits = -squared_distance", "logits = -1.01 * squared_distance"),
    "r2d2": ("n * penalty", "penalty"),
    "mann": ("gate[:, None] * reading + (1 - gate[:, None])", "(1 - gate[:, None]) * reading + gate[:, None]"),
    "metanet": ("SCALE = 7.0", "SCALE = 7.1"),
    "lstm_meta": ("state.theta - input_gate", "state.theta + input_gate"),
    "maml": ("alpha=self.inner_lr", "alpha=1.01 * self.inner_lr"),
    "mamlpp": ("value - rate[name]", "value - 1.01 * rate[name]"),
    "metasgd": ("value - params[RATE + name]", "value - 1.01 * params[RATE + name]"),
    "anil": ("support, step)", "support, step).mul(1.01)"),
    "reptile": ("(1 - BETA2) * g", "(1.01 - BETA2) * g"),
    "transfer": ("everything.class_id).mean()", "everything.class_id).sum()"),
    "scratch": ("self.inner_lr", "(5 * self.inner_lr)"),
    "pixel_knn": ("amax(1)", "amin(1)"),
}


def files() -> list[str]:
    return sorted({configuration().entries[name].file for name in configuration().learners} - {"chance"})


def mutant(learner: AbstractLearner, file: str) -> AbstractLearner:
    """The same learner, from a file with the wrong formula."""
    old, new = MUTATIONS[file]
    source = inspect.getsource(sys.modules[type(learner).__module__])
    assert old in source
    module = ModuleType(f"mutant_of_{file}")
    module.__file__ = inspect.getfile(type(learner))
    wrong = compile(source.replace(old, new), module.__file__, "exec")
    sys.modules[module.__name__] = module
    exec(wrong, vars(module))  # noqa: S102  this package's own source
    of = {field.name: getattr(learner, field.name) for field in dataclasses.fields(learner)}
    return base.learner_class(module)(**of)


def prints(learner: AbstractLearner, episodes, training: Training) -> Fingerprints:
    run = TrainingRun(learner, learner, episodes, episodes, training, seed=0)
    start = beginning(learner, generator(0, "initial parameters"), torch.device("cpu"))
    return list(meta_train(run, start))[-1].fingerprints


FAST = ("protonet", "maml", "transfer")  # one of each family


@pytest.mark.parametrize("file", [one if one in FAST else pytest.param(one, marks=pytest.mark.slow) for one in files()])
def test_a_wrong_formula_leaves_other_fingerprints(file, make_episodes):
    entry = next(name for name in configuration().learners if configuration().entries[name].file == file)
    case, episodes = Case(entry, "omniglot"), make_episodes(way=5, count=8)
    learner = case.learner(way=5)
    iterations = 2 if type(learner).learns else 0
    training = case.training(iterations=iterations, validations=1, meta_batch=2)
    right = prints(learner, episodes, training)
    assert agreement.of_prints(right, prints(case.learner(way=5), episodes, training)) is None
    assert agreement.of_prints(right, prints(mutant(learner, file), episodes, training)) is not None
