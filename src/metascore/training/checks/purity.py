"""Checks that a learner's functions are pure: they depend on their arguments alone and change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_map_only

from metascore.learners.base import learned
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode
from metascore.training.checks.subject import EPISODES, STEPS, Held, Subject, copies, fault, same
from metascore.training.meta_gradient import MetaGradient, gradient_of_chunk

ELSEWHERE = "lazy"  # stands for any device but the CPU: autograd runs on it without a backend
PURE = "let it depend on its arguments alone; noise to train with comes from `phase`"


def nothing_is_changed(subject: Subject) -> None:
    """By one episode's functions, nor by a meta-gradient over several."""
    learner, params, episode = subject.learner(), subject.params(), subject.episode()
    held = Held(subject.batch())
    given = {"the parameters": params, "the episode": episode, "the learner": vars(learner), "a batch": held.episodes}
    before, states = {name: copies(value) for name, value in given.items()}, []
    for state in learner.adapt(params, episode.support, STEPS):
        states.append((state, copies(state)))
        learner.predict(state, episode.query.x)
    learner.meta_loss(params, episode, learner.phase(0.5))
    MetaGradient(learner)(params, held, np.arange(EPISODES), 0.5)
    for name, value in given.items():
        if not same(copies(value), before[name]):
            fault(f"{name} changed in place", "write a new tensor: x = x * 2 instead of x *= 2 or x.mul_(2)")
    if not all(same(copies(state), then) for state, then in states):
        fault("a state of adapt changed after it was yielded", "yield new tensors after each step")


def a_second_call_gives_the_same(subject: Subject) -> None:
    """The same learner, the same arguments, the same bits; no global generator moves."""
    learner, params, episode = subject.learner(), subject.params(), subject.episode()
    generators = _global_generators()

    def results() -> list[torch.Tensor]:
        state = list(learner.adapt(params, episode.support, STEPS))[-1]
        loss = learner.meta_loss(params, episode, learner.phase(0.5))
        return copies([state, learner.predict(state, episode.query.x), loss])

    if not same(results(), results()):
        fault("a second call with the same arguments gives other bits", PURE)
    if _global_generators() != generators:
        fault("it draws from a global generator", PURE)


def a_seed_determines_the_beginning(subject: Subject) -> None:
    generators = _global_generators()
    first, again, other = (subject.params(seed) for seed in (0, 0, 1))
    if not same(copies(first), copies(again)) or _global_generators() != generators:
        fault(
            "initialise gives other tensors for the same seed",
            "draw from the generator that it gets alone",
        )
    if learned(first) and same(copies(learned(first)), copies(learned(other))):
        fault("initialise gives the same tensors for two seeds", "draw from the generator that it gets")


def tensors_are_made_where_the_others_are(subject: Subject) -> None:
    """On tensors without contents that seem to lie on another device."""
    learner, params, batch = subject.learner(), subject.params(), subject.batch()
    phase = learner.phase(0.0)
    with FakeTensorMode() as mode:
        params, batch, phase = (_elsewhere(mode, value) for value in (params, batch, phase))
        gradient_of_chunk(learner, phase, params, batch)
        outputs = torch.func.vmap(lambda episode: _predicted(subject, params, episode))(batch)
    if outputs.device.type != ELSEWHERE:
        fault(f"predictions lie on {outputs.device}", "make tensors on the device of the episode")


def _predicted(subject: Subject, params: Params, episode: Episode) -> torch.Tensor:
    return subject.outputs(params, episode.support, episode.query.x)


def _elsewhere(mode: FakeTensorMode, value: Any) -> Any:
    return tree_map_only(torch.Tensor, lambda tensor: mode.from_tensor(tensor).to(ELSEWHERE), value)


def _global_generators() -> tuple[Any, ...]:
    """Torch's and NumPy's. Python's own moves while annotations are checked; what it does to results shows in them."""
    numpy = np.random.get_state(legacy=False)  # noqa: NPY002  only looked at
    return str(numpy), torch.get_rng_state().numpy().tobytes()


CHECKS = (
    nothing_is_changed,
    a_second_call_gives_the_same,
    a_seed_determines_the_beginning,
    tensors_are_made_where_the_others_are,
)
