"""What every learner must do, whatever its method: read from what its file declares, never from its name."""

import contextlib
import dataclasses
import gc
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest
import torch
from cases import WAY, Case, cases, initial, is_cheapest, one, problem

from metascore.config import signatures
from metascore.learners.base import last, learned, matches_checkpoint
from metascore.networks.tensors import Params
from metascore.problems import navigation
from metascore.store import checkpoint
from metascore.training.checks import CHECKS
from metascore.training.checks.subject import tensors
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.loop import Snapshot, TrainingRun, meta_train

ITERATIONS = 30

each_case = pytest.mark.parametrize("case", cases())


@pytest.fixture(autouse=True)
def short_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of policies: long enough for the farthest goal, and a fifth of the operations."""
    monkeypatch.setattr(navigation, "HORIZON", 20)


@each_case
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(case, check):
    """What `metascore check` asks for too."""
    check(case.subject())


@each_case
def test_tensors_fit_another_number_of_ways_as_declared(case):
    """By `any_way`, which decides at load which trainings a task can share."""
    fewer, more = ({n: value.shape for n, value in initial(case.learner(way)).items()} for way in (WAY, WAY + 2))
    assert fewer == more or not case.learner().any_way


@each_case
def test_meta_training_lowers_the_loss_and_adaptation_raises_the_accuracy(case, make_episodes):
    learner, episodes = case.learner(), make_episodes(case.kind)
    params = initial(learner)
    if learned(params):
        start = Snapshot(0, params, best=params)
        end = list(meta_train(setting(case, episodes, iterations=ITERATIONS, validations=1), start))[-1].params
        loss = adapted_loss if learner.surrogate else loss_on
        assert loss(learner, end, episodes) < loss(learner, params, episodes)
        params = end
    if learner.adapts:
        before, *_, after = measured(adaptation_curve, learner, params, episodes, chunk_size=4).mean(0)
        better = learner.problem.better(float(after), float(before))
        assert better and (case.kind != "omniglot" or after > before + 0.1)


@pytest.mark.parametrize("case", cases(is_cheapest))
def test_memory_does_not_grow_with_the_iterations(case, make_episodes):
    params = initial(case.learner())
    if not learned(params):
        pytest.skip("nothing is learned")
    alive = []
    with counted_tensors() as count:
        for iterations in (2, 5):
            run = setting(case, make_episodes(case.kind), iterations=iterations, validations=1)
            end = list(meta_train(run, Snapshot(0, params, best=params)))[-1]
            assert not any(value.grad_fn for value in tensors([end, vars(run.learner)]))
            alive.append(count())
    assert alive[0] == alive[1]


@each_case
def test_checkpoint_round_trip(case, make_episodes, tmp_path):
    learner, episode = case.learner(), one(make_episodes(case.kind))
    params = learner.checkpointed(initial(learner))
    checkpoint.save(tmp_path / "checkpoint.safetensors", params, {"recipe": dataclasses.asdict(case.recipe)})
    loaded, metadata = checkpoint.load(tmp_path / "checkpoint.safetensors", torch.device("cpu"), "")
    assert metadata == {"recipe": dataclasses.asdict(case.recipe)} and list(loaded) == sorted(params)
    assert matches_checkpoint(learner, loaded)
    assert all(torch.equal(loaded[name], value) for name, value in params.items())
    predicted = [case.subject().outputs(tensors, episode.support, episode.query.x) for tensors in (params, loaded)]
    assert torch.equal(*predicted)


@pytest.mark.parametrize("file", signatures.learner_files())
def test_has_a_page(file, root):
    page = root / "docs" / "algorithms" / f"{file}.md"
    assert page.exists() and "Departures from the paper" in page.read_text(encoding="utf-8")


def setting(case: Case, episodes, **training) -> TrainingRun:
    learner = case.learner()
    recipe = case.training(meta_batch=4, chunk_size=4, **training)
    return TrainingRun(learner, learner, episodes, episodes, recipe, seed=0)


def loss_on(learner, params: Params, episodes) -> float:
    """The mean meta-loss over all episodes, as at the end of meta-training."""
    return float(
        np.mean([learner.meta_loss(params, one(episodes, n), learner.phase(1.0)).value.item() for n in range(4)])
    )


def adapted_loss(learner, params: Params, episodes) -> float:
    """The mean loss on the queries of adapted learners."""

    def loss(learner, params, episode):
        state = last(learner.adapt(params, episode.support, learner.test_steps))
        return learner.problem.loss(partial(learner.predict, state), episode.query)

    return float(measured(loss, learner, params, episodes, chunk_size=4).mean())


@contextlib.contextmanager
def counted_tensors() -> Iterator[Callable[[], int]]:
    """Yields a function that counts the tensors made since, and still alive."""
    gc.collect()
    gc.freeze()
    yield lambda: sum(issubclass(type(thing), torch.Tensor) for thing in (gc.collect(), *gc.get_objects())[1:])
    gc.unfreeze()


def test_there_are_as_many_identities_as_the_episodes_name(make_episodes):
    assert one(make_episodes()).support.class_id.max() < problem("omniglot").identities
