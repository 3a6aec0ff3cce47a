"""A recording repeats a function to the bit, for other values than those that it was made with."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.fx import Node

from metascore.randomness import generator
from metascore.training.replay import KEPT, Recorder, Recording

VIEWS = {
    "transposed": lambda x: x.mT,
    "flattened": lambda x: x.reshape(-1, 4),
    "a row": lambda x: x[1:2],
    "every second": lambda x: x[:, ::2],
    "stretched": lambda x: x[:1].expand(3, -1),
    "the second half": lambda x: x.chunk(2)[1],
    "one of many": lambda x: x.unbind()[0].unsqueeze(0),
    "as it is": lambda x: x.view_as(x),
    "detached": lambda x: x.detach(),
}
STEPS = {
    "double": lambda x: 2 * x,
    "sum": lambda x: x.sum(0, keepdim=True) + x,
    "in place": lambda x: x.clone().mul_(3),
    "product": lambda x: x @ x.mT,
    "slope": torch.func.grad(lambda y: y.sin().square().sum()),
    "mapped": torch.func.vmap(lambda row: row - row.mean()),
}


def record(function, x: Tensor):
    """A function that replays what `function` does to x."""
    recorder = Recorder(patience=0)
    assert_same(recorder(None, function, x), function(x))
    return lambda x: recorder(None, lambda x: pytest.fail("this should have been replayed"), x)


def drawn(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator(seed, "recording"))


@given(st.lists(st.sampled_from(sorted(VIEWS | STEPS)), min_size=1, max_size=8))
def test_any_sequence_of_views_and_operations(names):
    def function(x: Tensor) -> dict[str, Tensor]:
        results: dict[str, Tensor] = {}
        for name in names:
            if x.dim() != 2 or (name == "flattened" and x.numel() % 4) or (name == "the second half" and len(x) < 2):
                break
            if name == "a row" and len(x) < 2:
                break
            x = results[f"{len(results)} {name}"] = (VIEWS | STEPS)[name](x)
        return results

    recording, x = record(function, drawn(0, 4, 4)), drawn(1, 4, 4)
    assert_same(recording(x), function(x))


def test_what_is_written_through_a_view_is_seen_through_the_others():
    def function(x: Tensor) -> tuple[Tensor, ...]:
        y = x + 1
        before, row = y[0] * 1, y[0]
        row.mul_(5)
        y.mT[:, 1].relu_()
        return before, y, row, y.mT.reshape(-1)[:3]

    recording, x = record(function, drawn(2, 3, 3)), drawn(3, 3, 3)
    assert_same(recording(x), function(x))


def assert_same(found: object, expected: object) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


class Counted:
    """A function that counts how often it runs."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Tensor) -> dict[str, Tensor]:
        self.calls += 1
        return {"sum": x.mT.sum(0)}


def test_recorded_once_it_is_worth_it():
    recorder, function = Recorder(patience=3), Counted()
    for seed in range(6):
        x = drawn(seed, 2, 3)
        assert_same(recorder("key", function, x), {"sum": x.mT.sum(0)})
    assert function.calls == 3 + 1  # the recording itself is one


def test_phases_that_come_and_go_are_forgotten():
    recorder, x = Recorder(patience=1), drawn(0, 2)
    for phase in range(3 * KEPT):
        for _ in range(3):
            assert_same(recorder(phase, lambda x, phase=phase: x + phase, x), x + phase)
    assert len(recorder._known) == KEPT


def test_one_recording_for_each_key_and_layout():
    recorder, x = Recorder(patience=0), drawn(0, 4, 4)
    assert_same(recorder(1, lambda x: x.mT + 1, x), x.mT + 1)
    assert_same(recorder(2, lambda x: x.mT + 2, x), x.mT + 2)
    for other in (x.mT, x[:2], x[1:3], x.double(), x[:, ::2]):
        assert_same(recorder(1, lambda x: x.mT + 1, other), other.mT + 1)


def test_a_function_that_looks_at_values_is_refused():
    with pytest.raises(RuntimeError, match="values of tensors can't be recorded"):
        record(lambda x: x if x.sum() > 0 else -x, drawn(0, 2))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_on_a_gpu():
    record(lambda x: {"slope": torch.func.grad(lambda y: (y @ y.mT).sin().sum())(x)}, drawn(0, 4, 4).cuda())


def operations(function, *inputs: Tensor) -> list[str]:
    recorder = Recorder(patience=0)
    recorder(None, function, *inputs)
    return [str(node.target) for node in calls(recorder)]


def calls(recorder: Recorder) -> list[Node]:
    """The operations of the only recording."""
    (recording,) = recorder._known.values()
    assert isinstance(recording, Recording)
    return [node for node in recording.operations.graph.nodes if node.op == "call_function"]


def test_what_is_computed_twice_is_computed_once():
    """Views and results of several results too; not with numbers of another type or sign."""

    def function(x: Tensor) -> tuple[Tensor, ...]:
        twice = [(x.mT.exp()[0] + 1).cumsum(0).max(0).values for _ in range(2)]
        return *twice, x * 1, x * 1.0, x * True, x + 0.0, x + -0.0

    found = operations(function, drawn(7, 3, 3))
    assert [found.count(f"aten.{name}.default") for name in ("exp", "cumsum")] == [1, 1]
    assert found.count("aten.max.dim") == 1
    assert found.count("aten.mul.Tensor") == 3 and found.count("aten.add.Tensor") == 3
    recording, x = record(function, drawn(7, 3, 3)), drawn(8, 3, 3)
    assert_same(recording(x), function(x))


@pytest.mark.parametrize("change", [lambda y: y.mul_(3), lambda y: y[0].mul_(3), lambda y: y.mT[1].add_(y[0])])
def test_what_is_changed_in_place_is_computed_each_time(change):
    """Before and after the change, through views, and what is computed from it."""

    def function(x: Tensor) -> tuple[Tensor, ...]:
        first, second = x.exp(), x.exp()
        before = first.sum(0)
        change(first)
        return before, first.sum(0), second.sum(0), first, second

    recording, x = record(function, drawn(9, 3, 3)), drawn(10, 3, 3)
    assert_same(recording(x), function(x))
