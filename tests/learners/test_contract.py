"""What every learner must do, whatever its method: read from what its file declares, never from its name."""

import contextlib
import gc
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest
import torch
from cases import CHARACTERS, QUERY, SHOT, WAY, Case, cases, copies, initial, one, same, tensors

from metascore.config import signatures
from metascore.learners.base import last, learned
from metascore.networks.tensors import Params
from metascore.problems.base import Examples
from metascore.store import checkpoint
from metascore.training.evaluation import adaptation_curve, measured
from metascore.training.loop import Setting, Snapshot, meta_train
from metascore.training.meta_gradient import MetaGradient
from metascore.training.replay import Recorder

STEPS = 2
ITERATIONS = 30
TIGHT = {"rtol": 1e-6, "atol": 1e-8}  # in float64

each_case = pytest.mark.parametrize("case", cases())


def states(case: Case, params: Params, support: Examples, steps: int = STEPS) -> list:
    return list(case.learner().adapt(params, support, steps))


def outputs(case: Case, params: Params, support: Examples, x: torch.Tensor) -> torch.Tensor:
    """Predictions for x after the last of STEPS adaptation steps."""
    return case.learner().predict(states(case, params, support)[-1], x)


def reordered(examples: Examples, order: torch.Tensor) -> Examples:
    return Examples(*(value[order] for value in examples))


@each_case
def test_declares_what_tables_print(case):
    learner = case.learner()
    assert learner.family in ("metric", "model", "optimisation", "baseline", "control")
    assert learner.batch_norm in ("transductive", "inductive", "none")
    assert learner.gradient_order in (0, 1, 2)
    assert learner.citation and type(learner).__doc__
    assert learner.adapts == (learner.test_steps > 0)


@each_case
def test_output_shapes(case, make_episodes):
    learner, episode = case.learner(), one(make_episodes(case.kind))
    params = initial(learner)
    loss = learner.meta_loss(params, episode, learner.phase(0.5))
    assert loss.value.shape == () and loss.value.isfinite()
    assert all(value.shape == params[name].shape for name, value in loss.state.items())
    adapted = states(case, params, episode.support)
    assert len(adapted) == STEPS + 1
    for state in adapted:
        predicted = learner.predict(state, episode.query.x)
        assert predicted.shape == (len(episode.query.y), learner.problem.outputs)
        assert predicted.isfinite().all()


@each_case
def test_tensors_fit_episodes_of_another_size(case):
    """Training episodes may have another shape than the task: the same tensors serve both."""
    shapes = [(WAY, SHOT, QUERY), (WAY, SHOT + 1, QUERY + 1)]
    if case.training().way is not None:
        shapes.append((WAY + 2, SHOT, QUERY))
    sizes = [{name: value.shape for name, value in initial(case.learner(*shape)).items()} for shape in shapes]
    assert all(size == sizes[0] for size in sizes)


@each_case
def test_adapt_changes_nothing_but_its_result(case, make_episodes):
    learner, episode = case.learner(), one(make_episodes(case.kind))
    params = initial(learner)
    before, random = copies([params, episode, vars(learner)]), torch.get_rng_state()
    found = []
    for state in learner.adapt(params, episode.support, STEPS):
        found.append((state, copies(state)))
        learner.predict(state, episode.query.x)
    learner.meta_loss(params, episode, learner.phase(0.5))
    assert same(copies([params, episode, vars(learner)]), before)
    assert all(same(copies(state), then) for state, then in found)
    assert torch.equal(torch.get_rng_state(), random)


@each_case
def test_fewer_steps_are_the_beginning_of_more(case, make_episodes):
    episode = one(make_episodes(case.kind))
    params = initial(case.learner())
    few, many = (states(case, params, episode.support, steps) for steps in (STEPS - 1, STEPS))
    assert same(copies(few), copies(many[:-1]))


@each_case
def test_order_of_the_support_set_does_not_matter(case, make_episodes, float64):
    learner, episode = case.learner(), float64(one(make_episodes(case.kind)))
    if learner.support_order_matters:
        pytest.skip("the learner declares that the order matters")
    params = initial(learner)
    order = torch.randperm(len(episode.support.y), generator=torch.Generator().manual_seed(1))
    shuffled = outputs(case, params, reordered(episode.support, order), episode.query.x)
    torch.testing.assert_close(shuffled, outputs(case, params, episode.support, episode.query.x), **TIGHT)


@each_case
def test_relabelling_permutes_the_outputs(case, make_episodes, float64):
    learner, episode = case.learner(), float64(one(make_episodes(case.kind)))
    if not learner.relabelling_permutes or case.kind == "sine":
        pytest.skip("the learner does not declare it")
    params = initial(learner)
    labels = torch.tensor([2, 0, 1])
    relabelled = episode.support._replace(y=labels[episode.support.y])
    permuted = outputs(case, params, relabelled, episode.query.x)
    torch.testing.assert_close(permuted[:, labels], outputs(case, params, episode.support, episode.query.x), **TIGHT)


@each_case
def test_other_queries_matter_only_to_transductive_learners(case, make_episodes, float64):
    learner, episode = case.learner(), float64(one(make_episodes(case.kind)))
    adapted = states(case, initial(learner), episode.support)[-1]
    together = learner.predict(adapted, episode.query.x)
    alone = torch.cat([learner.predict(adapted, query[None]) for query in episode.query.x])
    assert torch.allclose(together, alone, **TIGHT) == (learner.batch_norm != "transductive")


@each_case
def test_support_set_matters(case, make_episodes):
    """Unless the learner is the floor: then the outputs are the same for every support set."""
    learner, episodes = case.learner(), make_episodes(case.kind)
    params = initial(learner)
    x = one(episodes).query.x
    first, second = (outputs(case, params, one(episodes, number).support, x) for number in (0, 1))
    ignores = learner.family == "control" and not learned(params) and torch.equal(first, second)
    assert ignores or not torch.allclose(first, second)


@each_case
def test_meta_gradients_are_finite_and_not_zero(case, make_episodes):
    learner, episodes = case.learner(), make_episodes(case.kind)
    params = initial(learner)
    if not learned(params):
        pytest.skip("nothing is learned")
    gradient = MetaGradient(learner)
    gradients = [gradient(params, episodes, np.arange(4), progress)[0] for progress in (0.0, 1.0)]
    assert all(value.isfinite().all() for gradient in gradients for value in gradient.values())
    moved = {name for gradient in gradients for name, value in gradient.items() if value.any()}
    assert moved == set(learned(params))


@each_case
def test_a_recording_of_the_meta_gradient_has_the_same_bits(case, make_episodes):
    """It is made with other tensors and other episodes than those that it is compared on."""
    learner, episodes = case.learner(), make_episodes(case.kind)
    if not learned(initial(learner)):
        pytest.skip("nothing is learned")
    recorded, eager = (MetaGradient(learner, recorder=Recorder(patience)) for patience in (0, 9))
    recorded(initial(learner, seed=1), episodes, np.array([3, 2]), 1.0)
    params = initial(learner)
    found, expected = (gradient(params, episodes, np.arange(2), 1.0) for gradient in (recorded, eager))
    assert found[1] == expected[1]
    for ours, theirs in ((found[0], expected[0]), (found[2], expected[2])):
        assert ours.keys() == theirs.keys() and same(list(ours.values()), list(theirs.values()))


@each_case
def test_a_recording_holds_for_all_of_its_phase(case, make_episodes):
    """Recorded early or late, replayed with the tensors of other phases: as the function itself, bit by bit."""
    learner, episodes = case.learner(), make_episodes(case.kind)
    recorded, eager = (MetaGradient(learner, recorder=Recorder(patience)) for patience in (0, 99))
    params, index = initial(learner), np.arange(2)
    for progress in (0.0, 0.01, 0.05, 0.3, 0.7, 1.0):
        found, expected = (gradient(params, episodes, index, progress) for gradient in (recorded, eager))
        assert found[1] == expected[1]
        assert found[0].keys() == expected[0].keys() and same(list(found[0].values()), list(expected[0].values()))


@each_case
def test_same_seed_same_loss(case, make_episodes):
    learner, episode = case.learner(), one(make_episodes(case.kind))
    first, again, other = (initial(learner, seed) for seed in (0, 0, 1))
    assert same(copies(first), copies(again))
    assert torch.equal(
        learner.meta_loss(first, episode, learner.phase(0.5)).value,
        learner.meta_loss(again, episode, learner.phase(0.5)).value,
    )
    assert not learned(first) or not same(copies(learned(first)), copies(learned(other)))


@each_case
def test_mapping_over_episodes_equals_a_loop(case, make_episodes, float64):
    learner, episodes = case.learner(), make_episodes(case.kind)
    params = initial(learner)
    loop = [learner.meta_loss(params, float64(one(episodes, number)), learner.phase(0.5)) for number in range(4)]
    batch = float64(episodes.batch(np.arange(4)))
    mapped = torch.func.vmap(lambda episode: learner.meta_loss(params, episode, learner.phase(0.5)))(batch)
    torch.testing.assert_close(mapped.value, torch.stack([loss.value for loss in loop]), **TIGHT)
    for name, value in mapped.state.items():
        torch.testing.assert_close(value, torch.stack([loss.state[name] for loss in loop]), **TIGHT)


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
        assert after < before if case.kind == "sine" else after > before + 0.1


@each_case
def test_memory_does_not_grow_with_the_iterations(case, make_episodes):
    params = initial(case.learner())
    if not learned(params):
        pytest.skip("nothing is learned")
    alive = []
    for iterations in (2, 5):
        with counted_tensors() as count:
            run = setting(case, make_episodes(case.kind), iterations=iterations, validations=1)
            end = list(meta_train(run, Snapshot(0, params, best=params)))[-1]
            assert not any(value.grad_fn for value in tensors([end, vars(run.learner)]))
            alive.append(count())
    assert alive[0] == alive[1]


@each_case
def test_checkpoint_round_trip(case, make_episodes, tmp_path):
    params, episode = initial(case.learner()), one(make_episodes(case.kind))
    checkpoint.save(tmp_path / "checkpoint.safetensors", params, {"recipe": case.recipe})
    loaded, metadata = checkpoint.load(tmp_path / "checkpoint.safetensors", torch.device("cpu"), "")
    assert metadata == {"recipe": case.recipe} and list(loaded) == sorted(params)
    assert same(copies(loaded), copies(params))
    predicted = [outputs(case, tensors, episode.support, episode.query.x) for tensors in (params, loaded)]
    assert torch.equal(*predicted)


@pytest.mark.parametrize("file", signatures.learner_files())
def test_has_a_page(file, root):
    page = root / "docs" / "algorithms" / f"{file}.md"
    assert page.exists() and "Departures from the paper" in page.read_text(encoding="utf-8")


def setting(case: Case, episodes, **training) -> Setting:
    learner = case.learner()
    recipe = case.training(meta_batch=4, chunk_size=4, **training)
    return Setting(learner, learner, episodes, episodes, recipe, seed=0)


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


def test_there_are_as_many_characters_as_the_episodes_name(make_episodes):
    assert one(make_episodes()).support.character.max() < CHARACTERS
