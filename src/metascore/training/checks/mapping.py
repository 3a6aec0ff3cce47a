"""Checks that mapping over episodes and recordings, which speed training up, do not change results."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from metascore.learners.base import learned
from metascore.networks.tensors import Params
from metascore.training.checks.meaning import close
from metascore.training.checks.subject import EPISODES, Held, Subject, double_precision, fault, same
from metascore.training.meta_gradient import MetaGradient
from metascore.training.replay import Recorder

PHASES = (0.0, 0.01, 0.05, 0.3, 0.7, 1.0)
RECORDED = "its operations must not depend on values of tensors, and only `phase` may depend on the progress"


def mapping_over_episodes_equals_a_loop(subject: Subject) -> None:
    with double_precision():
        learner, params = subject.learner(), subject.params()
        phase = learner.phase(0.5)
        loop = [learner.meta_loss(params, subject.episode(number), phase) for number in range(EPISODES)]
        mapped = torch.func.vmap(lambda episode: learner.meta_loss(params, episode, phase))(subject.batch())
    pairs = [(mapped.value, [loss.value for loss in loop])]
    pairs += [(value, [loss.state[name] for loss in loop]) for name, value in mapped.state.items()]
    if not all(close(value, torch.stack(values)) for value, values in pairs):
        fault(
            "meta_loss mapped over episodes differs from a loop", "write it for one episode, in operations of tensors"
        )


def meta_gradients_are_finite_and_not_zero(subject: Subject) -> None:
    learner, params, held = subject.learner(), subject.params(), Held(subject.batch())
    gradient = MetaGradient(learner)
    gradients = [gradient(params, held, np.arange(EPISODES), progress)[0] for progress in (0.0, 1.0)]
    if not all(value.isfinite().all() for found in gradients for value in found.values()):
        fault("a meta-gradient is not finite", "look for a division by zero, or the gradient of a root at zero")
    moved = {name for found in gradients for name, value in found.items() if value.any()}
    if moved != learned(params).keys():
        still = ", ".join(sorted(learned(params).keys() - moved))
        fault(f"no meta-gradient of {still}", "use it in meta_loss, or name it `state.` if no gradient learns it")


def a_recording_has_the_same_bits(subject: Subject) -> None:
    """Recorded early or late, replayed for other tensors, other episodes and other phases."""
    learner = subject.learner()
    if not learned(subject.params()):
        return
    recorded, eager = (MetaGradient(learner, recorder=Recorder(patience)) for patience in (0, 99))
    two = np.arange(2)
    recorded(subject.params(seed=1), Held(subject.batch(np.array([3, 2]))), two, 1.0)
    for progress in PHASES:
        params, held = subject.params(), Held(subject.batch(two))
        if not _equal(recorded(params, held, two, progress), eager(params, held, two, progress)):
            fault(f"a recording of the meta-gradient differs at progress {progress}", RECORDED)


def _equal(left: tuple[dict[str, Tensor], float, Params], right: tuple[dict[str, Tensor], float, Params]) -> bool:
    parts = ((left[0], right[0]), (left[2], right[2]))
    alike = all(a.keys() == b.keys() and same(list(a.values()), list(b.values())) for a, b in parts)
    return alike and left[1] == right[1]


CHECKS = (mapping_over_episodes_equals_a_loop, meta_gradients_are_finite_and_not_zero, a_recording_has_the_same_bits)
