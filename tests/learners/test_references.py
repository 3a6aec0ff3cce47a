"""The mathematics, against finite differences, closed forms, libraries and plain PyTorch."""

from functools import partial
from typing import Literal

import numpy as np
import pytest
import torch
from gradients import assert_equals_finite_differences, disturbed, meta_gradient
from torch import Tensor
from torch.func import grad, vmap
from torch.nn import functional

from metascore.learners.base import last
from metascore.learners.maml import MAML
from metascore.learners.protonet import ProtoNet
from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.kernels import NORM_EPSILON
from metascore.networks.layers import max_pool
from metascore.networks.patches import convolve
from metascore.networks.tensors import Params
from metascore.problems.examples import Episode, Examples
from metascore.problems.omniglot import Omniglot
from metascore.problems.sine import AMPLITUDE, PHASE, Sine
from metascore.randomness import generator

WAY, SHOT, QUERY = 3, 1, 2
PROBLEM = Omniglot(way=WAY, shot=SHOT, query=QUERY, num_classes=30)
ALPHA = 0.1
STRIDES = {"stride": 2, "max_pool": 1}


@pytest.fixture
def episode(make_episodes, float64) -> Episode:
    batch = make_episodes(way=WAY, shot=SHOT, query=QUERY, count=1).batch(np.arange(1))
    return float64(Episode(*(Examples(*(value[0] for value in part)) for part in batch)))


def maml(steps: int, first_order: bool = False, downsample: Literal["stride", "max_pool"] = "stride") -> MAML:
    return MAML(
        PROBLEM,
        width=3,
        downsample=downsample,
        inner_lr=ALPHA,
        train_steps=steps,
        test_steps=steps,
        first_order=first_order,
    )


def initial(learner) -> Params:
    """Weights whose gains and biases are not special."""
    return disturbed(learner.initialise(generator(3)))


@pytest.mark.parametrize("steps", [1, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("downsample", ["stride", "max_pool"])
def test_meta_gradient_equals_finite_differences(episode, steps, downsample):
    learner = maml(steps, downsample=downsample)
    assert_equals_finite_differences(learner, initial(learner), episode)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_on_a_quadratic_the_orders_differ_by_the_factor(float64, steps):
    """L(w) = mean (x w - y)^2 has the Hessian H = 2 x'x / n: second order = (I - alpha H)^steps first order."""
    random = generator(6)
    draw = lambda n: Examples(  # noqa: E731
        torch.randn(n, 3, generator=random), torch.randn(n, 1, generator=random), torch.zeros(n, dtype=torch.int64)
    )
    episode, weights = Episode(draw(5), draw(7)), {"w": torch.randn(3, 1, generator=random)}
    gradients = {}
    for first_order in (False, True):
        learner = MAML(
            Sine(shot=5, query=7),
            width=1,
            inner_lr=0.1,
            train_steps=steps,
            test_steps=steps,
            first_order=first_order,
        )
        vars(learner)["network"] = lambda params, x: x @ params["w"]
        gradients[first_order] = meta_gradient(learner, weights, episode)["w"]
    x, y = episode.support.x, episode.support.y
    hessian, w = 2 * x.T @ x / len(x), weights["w"]
    factor = torch.eye(3) - 0.1 * hessian
    for _ in range(steps):
        w = w - 0.1 * (hessian @ w - 2 * x.T @ y / len(x))
    at_end = 2 * episode.query.x.T @ (episode.query.x @ w - episode.query.y) / len(episode.query.x)
    torch.testing.assert_close(gradients[True], at_end)
    torch.testing.assert_close(gradients[False], torch.linalg.matrix_power(factor, steps) @ at_end)


@pytest.mark.parametrize("steps", [1, 3])
def test_first_order_is_the_query_gradient_at_the_adapted_weights(episode, steps):
    learner = maml(steps, first_order=True)
    params = initial(learner)
    adapted = last(learner.adapt(params, episode.support, steps))
    at_end = grad(lambda params: PROBLEM.loss(partial(learner.predict, params), episode.query))(adapted)
    found = meta_gradient(learner, params, episode)
    second_order = meta_gradient(maml(steps), params, episode)
    for name, value in at_end.items():
        torch.testing.assert_close(found[name], value)
        assert not torch.allclose(second_order[name], value, rtol=1e-3)


def plain_network(params: Params, x: Tensor, stride: int) -> Tensor:
    """The network in PyTorch's own operations, images as (n, 1, 28, 28)."""
    for layer in range(1, 5):
        x = functional.conv2d(x, kernel(params[f"conv{layer}.weight"]), stride=stride, padding=1)
        gain, bias = params[f"norm{layer}.gain"], params[f"norm{layer}.bias"]
        x = functional.batch_norm(x, None, None, gain, bias, training=True, eps=NORM_EPSILON).relu()
        x = functional.max_pool2d(x, 2) if stride == 1 else x
    return x.permute(0, 2, 3, 1).flatten(1) @ params["head.weight"] + params["head.bias"]


def kernel(weight: Tensor) -> Tensor:
    """A matrix (d, 9 c) as a kernel (d, c, 3, 3)."""
    return weight.unflatten(1, (3, 3, -1)).permute(0, 3, 1, 2)


def channels_first(x: Tensor) -> Tensor:
    return x.movedim(-1, -3)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("downsample", ["stride", "max_pool"])
@pytest.mark.parametrize("first_order", [False, True])
def test_meta_gradient_equals_plain_pytorch(episode, steps, downsample, first_order):
    learner = maml(steps, first_order, downsample)
    params = {name: value.requires_grad_() for name, value in initial(learner).items()}
    x, query = channels_first(episode.support.x), channels_first(episode.query.x)
    fast, adapting = params, [name for name in params if not name.startswith("norm")]
    for _ in range(steps):
        loss = functional.cross_entropy(plain_network(fast, x, STRIDES[downsample]), episode.support.y)
        slopes = torch.autograd.grad(loss, [fast[name] for name in adapting], create_graph=not first_order)
        fast = fast | {name: fast[name] - ALPHA * slope for name, slope in zip(adapting, slopes, strict=True)}
    loss = functional.cross_entropy(plain_network(fast, query, STRIDES[downsample]), episode.query.y)
    expected = torch.autograd.grad(loss, list(params.values()))
    found = meta_gradient(learner, {name: value.detach() for name, value in params.items()}, episode)
    for name, value in zip(params, expected, strict=True):
        torch.testing.assert_close(found[name], value, rtol=1e-8, atol=1e-11)


class TwoPixels:
    """An encoder that returns an image's first two pixels."""

    def embed(self, params: Params, x: Tensor, given: Params | None = None) -> tuple[Tensor, Params]:
        return x[:, 0, :2, 0], {}


def test_protonet_by_hand(float64):
    """Prototypes (1, 0), the mean of (0, 0) and (2, 0), and (4, 0); the query (2, 1) is at distances 2 and 5."""
    learner = ProtoNet(Omniglot(way=2, shot=2, query=1), width=1)
    vars(learner)["encoder"] = TwoPixels()
    support = points([(0, 0), (4, -1), (2, 0), (4, 1)], [0, 1, 0, 1])
    query = points([(2, 1)], [0])
    logits = learner.predict(last(learner.adapt({}, support, 0)), query.x)
    torch.testing.assert_close(logits, torch.tensor([[-2.0, -5.0]]))
    loss = learner.meta_loss({}, Episode(support, query), learner.phase(0.0)).value
    torch.testing.assert_close(loss, torch.tensor(3.0).neg().exp().log1p())


def points(places: list[tuple[float, float]], classes: list[int]) -> Examples:
    x = torch.zeros(len(places), 28, 28, 1)
    x[:, 0, :2, 0] = torch.tensor(places, dtype=x.dtype)
    return Examples(x, torch.tensor(classes), torch.zeros(len(places), dtype=torch.int64))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(5, 5), (6, 7)])
def test_convolution_equals_that_of_pytorch_to_the_second_derivative(float64, stride, size):
    random = generator(7)
    x = torch.randn(2, *size, 3, generator=random).requires_grad_()
    weight = torch.randn(4, 27, generator=random).requires_grad_()

    def theirs(x: Tensor, weight: Tensor) -> Tensor:
        return functional.conv2d(channels_first(x), kernel(weight), stride=stride, padding=1).movedim(1, -1)

    ours = [convolve(x, weight, stride), *derivatives(lambda x, weight: convolve(x, weight, stride), x, weight)]
    expected = [theirs(x, weight), *derivatives(theirs, x, weight)]
    for found, value in zip(ours, expected, strict=True):
        torch.testing.assert_close(found, value, rtol=1e-9, atol=1e-9)


def derivatives(function, x: Tensor, weight: Tensor) -> list[Tensor]:
    """First derivatives of a non-linear function of the output, and second ones along a direction."""
    first = torch.autograd.grad(function(x, weight).sin().sum(), (x, weight), create_graph=True)
    direction = torch.stack([(value * value.detach().cos()).sum() for value in first])
    second = torch.autograd.grad(direction.sum(), (x, weight))
    return [*first, *second]


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("in_dims", [(0, 0), (1, None), (None, 2)])
def test_mapped_convolution_equals_a_loop(float64, stride, in_dims):
    """Also where weights differ from episode to episode, and for their gradients."""
    random, count = generator(9), 3
    x, weight = torch.randn(2, 5, 6, 2, generator=random), torch.randn(4, 18, generator=random)
    x, weight = (
        value if place is None else torch.stack([value + i for i in range(count)], place)
        for value, place in ((x, in_dims[0]), (weight, in_dims[1]))
    )
    slopes = grad(lambda x, weight: convolve(x, weight, stride).sin().sum(), argnums=(0, 1))
    mapped = vmap(slopes, in_dims)(x, weight)
    for i in range(count):
        single = slopes(
            *(v if place is None else v.select(place, i) for v, place in zip((x, weight), in_dims, strict=True))
        )
        for found, value in zip(mapped, single, strict=True):
            torch.testing.assert_close(found[i], value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", [(6, 6), (7, 5)])
def test_max_pool_equals_that_of_pytorch(float64, size):
    x = torch.randn(2, *size, 3, generator=generator(10)).requires_grad_()
    theirs = functional.max_pool2d(channels_first(x), 2).movedim(1, -1)
    torch.testing.assert_close(max_pool(x), theirs)
    ours, expected = (torch.autograd.grad(value.sin().sum(), x)[0] for value in (max_pool(x), theirs))
    torch.testing.assert_close(ours, expected)


def test_encoder_equals_plain_pytorch_with_given_moments(episode):
    encoder = ConvolutionalEncoder(3, "max_pool", (28, 28, 1))
    params = initial(encoder)
    _, moments = encoder.embed(params, episode.support.x)
    x = channels_first(episode.query.x)
    for layer in range(1, 5):
        x = functional.conv2d(x, kernel(params[f"conv{layer}.weight"]), padding=1)
        mean, variance = (moments[f"norm{layer}.{name}"] for name in ("mean", "variance"))
        gain, bias = (params[f"norm{layer}.{name}"] for name in ("gain", "bias"))
        x = functional.batch_norm(x, mean, variance, gain, bias, training=False, eps=NORM_EPSILON).relu()
        x = functional.max_pool2d(x, 2)
    torch.testing.assert_close(encoder.embed(params, episode.query.x, moments)[0], x.flatten(1))


def test_the_mean_sine_is_the_mean_of_many_sines(float64):
    random = np.random.default_rng(0)
    x = np.linspace(-5, 5, 11)
    amplitude, phase = random.uniform(*AMPLITUDE, (400_000, 1)), random.uniform(*PHASE, (400_000, 1))
    sines = amplitude * np.sin(x - phase)
    error = 5 * sines.std(0) / np.sqrt(len(sines))
    assert (
        np.abs(Sine(shot=1, query=1).blind(torch.from_numpy(x)[:, None])[:, 0].numpy() - sines.mean(0)) < error
    ).all()
