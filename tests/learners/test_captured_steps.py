"""Captured meta-steps, without a GPU: the same interface, whose graph is the step called again."""

import logging

import pytest
import torch
from cases import Case, initial
from torch import Tensor

from metascore.errors import UsageError
from metascore.networks.tensors import Params
from metascore.training import captured, device
from metascore.training.checks.subject import EPISODES, Held
from metascore.training.chunk_size import ChunkSize
from metascore.training.loop import TrainingRun
from metascore.training.meta_gradient import MetaGradient
from metascore.training.meta_steps import MetaSteps
from metascore.training.outer import OuterOptimiser

STEPS = 4


def trained(case: Case, capture: captured.Capture | None) -> tuple[list[float], Params]:
    """The losses and tensors of some meta-steps."""
    subject = case.subject()
    learner, episodes = subject.learner(), Held(subject.batch())
    recipe = case.training(iterations=STEPS, meta_batch=EPISODES, clip_norm=1.0, meta_lr=0.01)
    params = {name: value.clone() for name, value in initial(learner).items()}
    run = TrainingRun(learner, learner, episodes, episodes, recipe, seed=0)
    steps = MetaSteps(run, MetaGradient(learner), params, OuterOptimiser(recipe, params, {}), capture)
    return [steps(iteration) for iteration in range(STEPS)], params


@pytest.mark.parametrize("entry", ["protonet", "maml", "mamlpp", "mann"])
def test_captured_steps_do_what_eager_steps_do(entry: str) -> None:
    """protonet has running statistics, mamlpp phases; all have Adam and clipping."""
    case = Case(entry, "omniglot")
    (losses, params), (expected, eager) = trained(case, captured.called_again), trained(case, None)
    assert losses == pytest.approx(expected, rel=1e-4)  # the rate is a tensor in single precision
    for name, value in eager.items():
        torch.testing.assert_close(params[name], value, rtol=1e-3, atol=1e-4)


def test_a_capture_that_fails_is_one_line_and_training_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    def failing(step: object) -> object:
        raise RuntimeError("operation not permitted when stream is capturing: aten::nonzero")

    with caplog.at_level(logging.WARNING):
        losses, _ = trained(Case("protonet", "omniglot"), failing)  # type: ignore[arg-type]
    assert losses == pytest.approx(trained(Case("protonet", "omniglot"), None)[0], rel=1e-4)
    assert [record.message for record in caplog.records] == [
        "no CUDA graph of the meta-step (operation not permitted when stream is capturing: aten::nonzero): it goes on "
        "without"
    ]


def test_a_warm_up_changes_nothing() -> None:
    """What a capture has done to the state is undone."""
    state = torch.zeros(3)

    def step(x: Tensor) -> Tensor:
        return state.add_(x).sum()

    def warmed(step: object) -> object:
        for _ in range(captured.WARM_UPS):
            step()  # type: ignore[operator]
        return step

    steps = captured.CapturedSteps(step, [state], warmed)  # type: ignore[arg-type]
    assert [float(steps(torch.ones(3))) for _ in range(2)] == [3.0, 6.0]


def test_auto_halves_the_chunks_until_they_fit(caplog: pytest.LogCaptureFixture) -> None:
    tried = []

    def fits_four(size: int) -> int:
        tried.append(size)
        if size > 4:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return size

    size = ChunkSize("auto", 16)
    assert size.attempt(fits_four) == 4 and tried == [16, 8, 4]
    assert size.attempt(fits_four) == 4 and tried == [16, 8, 4, 4]
    assert "training.chunk_size is now 4" in caplog.text
    for stated in (16, None):
        with pytest.raises(RuntimeError, match="out of memory"):
            ChunkSize(stated, 16).attempt(fits_four)


def test_another_error_is_no_reason_to_halve() -> None:
    def broken(size: int) -> int:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        ChunkSize("auto", 16).attempt(broken)


def test_the_device_is_the_one_that_a_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(device.VARIABLE, "cpu")
    assert device.chosen() == torch.device("cpu")
    for name in ("gpu", "cuda:99", "meta"):
        monkeypatch.setenv(device.VARIABLE, name)
        with pytest.raises(UsageError, match=f"METASCORE_DEVICE={name}: .*cpu"):
            device.chosen()


def test_a_gpu_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(device.VARIABLE, raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device.chosen().type == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert device.chosen().type == "mps"
