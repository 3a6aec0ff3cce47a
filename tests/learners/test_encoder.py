"""The encoder equals the slow, obvious one: PyTorch's own operations, one episode, autograd."""

from functools import partial
from itertools import chain

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, vmap
from torch.nn import functional

from metascore.networks.encoder import ConvolutionalEncoder
from metascore.networks.kernels import NORM_EPSILON, convolved, input_gradient, weight_gradient
from metascore.networks.operations import BATCHED, TOGETHER, Operations
from metascore.randomness import generator

Parameters = list[list[Tensor]]  # weights, gains, biases, by block
KINDS = (("conv", "weight"), ("norm", "gain"), ("norm", "bias"))
WEIGHTS, NORMS, ALL = {0}, {1, 2}, {0, 1, 2}  # the kinds that an inner loop adapts
STRIDES = pytest.mark.parametrize("stride", [1, 2])


@pytest.fixture(autouse=True)
def _double(float64):
    """Of every tensor."""


def obvious(x: Tensor, parameters: Parameters, stride: int) -> Tensor:
    x = x.movedim(-1, 1)
    for weight, gain, bias in zip(*parameters, strict=True):
        x = functional.conv2d(x, weight.unflatten(1, (3, 3, -1)).permute(0, 3, 1, 2), stride=stride, padding=1)
        mean = x.mean((0, 2, 3), keepdim=True)
        variance = (x - mean).square().mean((0, 2, 3), keepdim=True)
        x = (x - mean) / (variance + NORM_EPSILON).sqrt()
        x = (x * gain[:, None, None] + bias[:, None, None]).relu()
        x = functional.max_pool2d(x, 2) if stride == 1 else x
    return x.movedim(1, -1)


def blocks(operations: Operations, x: Tensor, parameters: Parameters, stride: int) -> Tensor:
    for weight, gain, bias in zip(*parameters, strict=True):
        x, _, _ = operations.batch_norm(operations.convolve(x, weight, stride), gain, bias)
        x = (operations.max_pool(x) if stride == 1 else x).relu()
    return x


fast, batched = (partial(blocks, operations) for operations in (TOGETHER, BATCHED))


def drawn(seed: int, widths: tuple[int, ...] = (5, 4, 3), episodes: tuple[int, ...] = ()) -> Parameters:
    random = generator(seed, "parameters")
    draw = lambda *shape: torch.randn(*episodes, *shape, generator=random)  # noqa: E731
    fans = zip(widths, (1, *widths), strict=False)
    return [
        [draw(d, 9 * c) / (9 * c) ** 0.5 for d, c in fans],
        [1 + draw(d) / 2 for d in widths],
        [draw(d) / 2 for d in widths],
    ]


def by_kind(params: dict[str, Tensor]) -> Parameters:
    """The tensors of an encoder."""
    return [[params[f"{part[0]}{layer}.{part[1]}"] for layer in range(1, 5)] for part in KINDS]


def images(*shape: int) -> Tensor:
    return torch.rand(*shape, 1, generator=generator(1, "images"))


def loss_of(encoder, x: Tensor, parameters: Parameters, stride: int) -> Tensor:
    maps = encoder(x, parameters, stride)
    return (maps.sin() * torch.arange(1.0, maps.numel() + 1).view_as(maps).cos()).sum() / len(x)


def adapted_loss(encoder, x: Tensor, parameters: Parameters, stride: int, steps: int, adapted: set[int]) -> Tensor:
    """Of a network that has taken steps of gradient descent: its gradient is of second order."""
    for _ in range(steps):
        slopes = grad(lambda p: loss_of(encoder, x, p, stride))(parameters)
        parameters = [
            [value - 0.1 * slope for value, slope in zip(*kinds, strict=True)] if kind in adapted else kinds[0]
            for kind, kinds in enumerate(zip(parameters, slopes, strict=True))
        ]
    return loss_of(encoder, x, parameters, stride)


def assert_equal(found: Parameters, expected: Parameters) -> None:
    for ours, theirs in zip(chain(*found), chain(*expected), strict=True):
        assert (ours - theirs).norm() <= 1e-9 * theirs.norm()


def through_outer_autograd(encoder, x: Tensor, parameters: Parameters, *options) -> Parameters:
    """The gradient of the mean over mapped episodes, as in meta-training."""
    leaves = [[value.clone().requires_grad_() for value in kind] for kind in parameters]
    vmap(lambda x: adapted_loss(encoder, x, leaves, *options))(x).mean().backward()
    return [[value.grad for value in kind if value.grad is not None] for kind in leaves]


@STRIDES
@pytest.mark.parametrize("adapted", [WEIGHTS, NORMS, ALL], ids=["weights", "norms", "all"])
@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("encoder", [fast, batched], ids=["together", "batched"])
def test_gradients_of_first_and_second_order(encoder, stride, adapted, steps):
    x, options = images(3, 4, 9, 9), (stride, steps, adapted)
    assert_equal(*(through_outer_autograd(one, x, drawn(3), *options) for one in (encoder, obvious)))


@STRIDES
def test_gradients_within_torch_func_alone(stride):
    """Both differentiations and the map over episodes belong to functorch; every episode has its own weights."""
    x, parameters = images(3, 4, 9, 9), drawn(4, episodes=(3,))
    slopes = [
        vmap(grad(lambda p, x, f=f: adapted_loss(f, x, p, stride, 1, ALL)))(parameters, x) for f in (fast, obvious)
    ]
    assert_equal(*slopes)


@pytest.mark.parametrize("count", [1, 2, 6], ids=["shared", "in groups", "own"])
@pytest.mark.parametrize("n, side", [(2, 6), (9, 24)], ids=["few positions", "many positions"])
@pytest.mark.parametrize("channels", [1, 2])
def test_convolutions_of_episodes(n, side, channels, count):
    """Six episodes with `count` weights; the same by PyTorch's convolution, an episode at a time."""
    random = generator(13)
    x = torch.rand(n, side, side, 6, channels, generator=random)
    weight = torch.rand(count, 4, 9 * channels, generator=random)
    gradient = torch.rand(n, side // 2, side // 2, 6, 4, generator=random)
    images, filters = x.clone().requires_grad_(), weight.clone().requires_grad_()
    z = torch.stack([one_convolution(images[..., i, :], filters[i % count]) for i in range(6)], 3)
    z.backward(gradient)
    torch.testing.assert_close(convolved(x, weight, 2), z.detach())
    torch.testing.assert_close(weight_gradient(x, gradient, 2, count), filters.grad)
    torch.testing.assert_close(input_gradient(gradient, weight, x, 2), images.grad)


def one_convolution(x: Tensor, weight: Tensor) -> Tensor:
    square = weight.unflatten(1, (3, 3, -1)).movedim(-1, 1)
    return functional.conv2d(x.movedim(-1, 1), square, stride=2, padding=1).movedim(1, -1)


@STRIDES
def test_episodes_that_share_weights_with_some_others(stride):
    """Every image has statistics of its own; the images of an episode share weights, which no other episode has."""
    x, parameters = images(2, 3, 4, 8, 8), drawn(14, episodes=(2,))
    slope = lambda f: vmap(  # noqa: E731
        lambda p, x: grad(lambda p: vmap(lambda x: adapted_loss(f, x, p, stride, 1, ALL))(x).sum())(p)
    )(parameters, x)
    assert_equal(slope(fast), slope(obvious))


@given(
    n=st.integers(2, 6),
    side=st.integers(5, 14),
    widths=st.lists(st.integers(1, 6), min_size=1, max_size=2).map(tuple),
    count=st.integers(1, 3),
    stride=st.sampled_from([1, 2]),
)
def test_any_shape(n, side, widths, count, stride):
    x, options = images(count, n, side, side), (stride, 1, ALL)
    assert_equal(*(through_outer_autograd(f, x, drawn(7, widths), *options) for f in (fast, obvious)))


@pytest.mark.parametrize("downsample", ["stride", "max_pool"])
def test_given_statistics_are_used_and_returned(downsample):
    """Those of a batch, given back, make its own normalisation."""
    encoder = ConvolutionalEncoder(3, downsample, (28, 28, 1))
    params, x = encoder.initialise(generator(9)), images(4, 28, 28)
    features, own = encoder.embed(params, x)
    statistics = encoder.statistics(params, x)
    torch.testing.assert_close(own, statistics)
    again, used = encoder.embed(params, x, statistics)
    torch.testing.assert_close(again, features)
    assert used == statistics
    torch.testing.assert_close(features, obvious(x, by_kind(params), 2 if downsample == "stride" else 1).flatten(1))


@pytest.mark.parametrize("image", [(28, 28, 1), (64, 64, 3), (84, 84, 3), (30, 17, 2)], ids=str)
@pytest.mark.parametrize("downsample", ["stride", "max_pool"])
def test_images_of_any_size_and_channels(downsample, image):
    """Features are computed, not known; gradients of second order are those of the obvious network."""
    encoder, stride = ConvolutionalEncoder(3, downsample, image), 2 if downsample == "stride" else 1
    params, x = encoder.initialise(generator(16)), torch.rand(1, 2, *image, generator=generator(17))
    features = encoder(params, x[0])
    assert features.shape == (2, encoder.features)
    torch.testing.assert_close(features, obvious(x[0], by_kind(params), stride).flatten(1))
    assert_equal(*(through_outer_autograd(f, x, by_kind(params), stride, 1, ALL) for f in (fast, obvious)))


@pytest.mark.parametrize("downsample", ["stride", "max_pool"])
def test_gradients_through_given_statistics(downsample):
    """That of own statistics is what comes through the maps and what comes through the statistics."""
    encoder = ConvolutionalEncoder(3, downsample, (28, 28, 1))
    params, x = encoder.initialise(generator(15)), images(3, 4, 28, 28)

    def through_both(params, x):
        return encoder.embed(params, x, encoder.statistics(params, x))[0].sin().sum()

    found, expected = (
        vmap(grad(loss), (None, 0))(params, x)
        for loss in (through_both, lambda params, x: encoder(params, x).sin().sum())
    )
    torch.testing.assert_close(found, expected)


def test_no_third_order_of_batch_norm():
    weights, *norms = drawn(11)
    curve = lambda w: loss_of(fast, images(2, 8, 8), [w, *norms], 2)  # noqa: E731
    norm = lambda f: lambda w: sum(value.square().sum() for value in grad(f)(w))  # noqa: E731
    with pytest.raises(NotImplementedError, match="third order"):
        grad(norm(norm(curve)))(weights)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_gpu_finds_the_same():
    encoder = ConvolutionalEncoder(3, "stride", (28, 28, 1))
    params, x = encoder.initialise(generator(12)), images(4, 28, 28)
    there = encoder({name: value.cuda() for name, value in params.items()}, x.cuda())
    torch.testing.assert_close(there.cpu(), encoder(params, x))
