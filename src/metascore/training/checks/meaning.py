"""Checks of a learner's declarations, shapes and outputs."""

from __future__ import annotations

import torch
from torch import Tensor

from metascore.learners.base import learned
from metascore.problems.examples import Examples
from metascore.training.checks.subject import STEPS, Subject, copies, double_precision, fault, same

FAMILIES = ("metric", "model", "optimisation", "baseline", "control")
MODES = ("transductive", "inductive", "none")


def declares_what_tables_print(subject: Subject) -> None:
    learner = subject.learner()
    for name, allowed in (("family", FAMILIES), ("batch_norm", MODES), ("gradient_order", (0, 1, 2))):
        if getattr(learner, name) not in allowed:
            fault(f"{name} is {getattr(learner, name)!r}", f"give it one of {', '.join(map(str, allowed))}")
    if not learner.citation or not type(learner).__doc__:
        fault("no citation or no docstring", "say whose method it is, and what it learns")
    if learner.adapts != (learner.test_steps > 0):
        fault(
            f"adapts is {learner.adapts}, test_steps {learner.test_steps}",
            "declare adapts = True if and only if test_steps > 0",
        )


def is_a_frozen_dataclass(subject: Subject) -> None:
    parameters = vars(type(subject.learner())).get("__dataclass_params__")
    if parameters is None or not parameters.frozen:
        fault("its class is no frozen dataclass", "write @dataclass(frozen=True, kw_only=True) above it")


def shapes_are_those_of_the_contract(subject: Subject) -> None:
    learner, params, episode = subject.learner(), subject.params(), subject.episode()
    loss = learner.meta_loss(params, episode, learner.phase(0.5))
    if loss.value.shape != () or not loss.value.isfinite():
        fault(f"meta_loss is {loss.value}", "return one finite number")
    for name, value in loss.state.items():
        if name not in params or value.shape != params[name].shape:
            fault(f"meta_loss returns a state {name} {tuple(value.shape)}", "return new values of its tensors")
    states = subject.adapted(params, episode.support)
    if len(states) != STEPS + 1:
        fault(f"adapt yields {len(states)} states for {STEPS} steps", "yield the state after 0, 1, ..., steps steps")
    expected = (len(episode.query.y), learner.problem.outputs)
    for predicted in (learner.predict(state, episode.query.x) for state in states):
        if predicted.shape != expected or not predicted.isfinite().all():
            fault(f"predict returns {tuple(predicted.shape)}", f"return finite numbers of shape {expected}")


def a_checkpoint_holds_all_that_answers_need(subject: Subject) -> None:
    learner, params, episode = subject.learner(), subject.params(), subject.episode()
    held = learner.checkpointed(params)
    if any(value is not params.get(name) for name, value in held.items()):
        fault("checkpointed returns tensors that were not trained", "return some of those that it gets")
    trained, loaded = ([*subject.adapted(tensors, episode.support)] for tensors in (params, held))
    x = episode.query.x
    if not same(*([learner.predict(state, x) for state in states] for states in (trained, loaded))):
        fault("without what checkpointed leaves out, other answers", "leave out only what adapt and predict never see")


def outputs_are_logits(subject: Subject) -> None:
    """Probabilities would go through another softmax, which flattens them, and still train a little."""
    if not subject.problem.has_classes:
        return
    predicted = subject.outputs(subject.params(), subject.episode().support, subject.episode().query.x)
    if (predicted >= 0).all() and torch.allclose(predicted.sum(1), torch.ones(len(predicted))):
        fault("predict returns probabilities", "return logits, such as their logarithm")


def tensors_fit_episodes_of_another_size(subject: Subject) -> None:
    """Training episodes may have another shape than the task: the same tensors serve both."""
    sizes = []
    for more in (0, 1):
        params = subject.learner(more).initialise(torch.Generator().manual_seed(0))
        sizes.append({name: value.shape for name, value in params.items()})
    if sizes[0] != sizes[1]:
        fault("the tensors of initialise depend on shot or query", "let them depend on the way alone")


def fewer_steps_are_the_beginning_of_more(subject: Subject) -> None:
    params, support = subject.params(), subject.episode().support
    few, many = (subject.adapted(params, support, steps) for steps in (STEPS - 1, STEPS))
    if not same(copies(few), copies(many[:-1])):
        fault("the states depend on the number of steps asked for", "let state k be the same whatever follows")


def order_of_the_support_set_matters_where_it_says_so(subject: Subject) -> None:
    if subject.learner().support_order_matters:
        return
    with double_precision():
        params, (support, query) = subject.params(), subject.episode()
        order = torch.randperm(len(support.y), generator=torch.Generator().manual_seed(1))
        shuffled = Examples(*(value[order] for value in support))
        if not close(subject.outputs(params, shuffled, query.x), subject.outputs(params, support, query.x)):
            fault("predictions depend on the order of the support set", "declare support_order_matters = True")


def relabelling_permutes_the_outputs_where_it_says_so(subject: Subject) -> None:
    if not subject.learner().relabelling_permutes or not subject.problem.has_classes:
        return
    with double_precision():
        params, (support, query) = subject.params(), subject.episode()
        labels = torch.arange(subject.problem.way).roll(1)
        permuted = subject.outputs(params, support._replace(y=labels[support.y]), query.x)
        if not close(permuted[:, labels], subject.outputs(params, support, query.x)):
            fault("outputs don't follow a permutation of the labels", "declare relabelling_permutes = False")


def other_queries_matter_only_to_transductive_learners(subject: Subject) -> None:
    with double_precision():
        learner, (support, query) = subject.learner(), subject.episode()
        state = subject.adapted(subject.params(), support)[-1]
        together = learner.predict(state, query.x)
        alone = torch.cat([learner.predict(state, one[None]) for one in query.x])
    if close(together, alone) == (learner.batch_norm == "transductive"):
        does = "doesn't change" if learner.batch_norm == "transductive" else "changes"
        fault(
            f"a prediction {does} with the other queries, and batch_norm is {learner.batch_norm}",
            "declare the mode that it has (`normalisation`), or normalise queries by statistics of the support set",
        )


def the_support_set_matters(subject: Subject) -> None:
    """Unless the learner is the floor: then the outputs are the same for every support set."""
    params, x = subject.params(), subject.episode().query.x
    first, second = (subject.outputs(params, subject.episode(number).support, x) for number in (0, 1))
    floor = subject.learner().family == "control" and not learned(params) and torch.equal(first, second)
    if torch.allclose(first, second) and not floor:
        fault("predictions are the same for two support sets", "let adapt use the support set, and predict its result")


def close(left: Tensor, right: Tensor) -> bool:
    """As close as in double precision, whatever the order of sums."""
    return torch.allclose(left, right, rtol=1e-6, atol=1e-8)


CHECKS = (
    declares_what_tables_print,
    is_a_frozen_dataclass,
    shapes_are_those_of_the_contract,
    a_checkpoint_holds_all_that_answers_need,
    outputs_are_logits,
    tensors_fit_episodes_of_another_size,
    fewer_steps_are_the_beginning_of_more,
    order_of_the_support_set_matters_where_it_says_so,
    relabelling_permutes_the_outputs_where_it_says_so,
    other_queries_matter_only_to_transductive_learners,
    the_support_set_matters,
)
