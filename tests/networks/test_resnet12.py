"""ResNet-12 against a plain module with the same weights, in double precision."""

from collections.abc import Callable

import plain_resnet12 as plain
import pytest
import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import grad, vmap

from metascore.networks.encoder_base import Encoder
from metascore.networks.resnet12 import ResNet12
from metascore.networks.tensors import Moments, Params
from metascore.training.checks.purity import ELSEWHERE

Plain = Callable[[Params, Tensor, Moments | None], Tensor]

SMALL: list[tuple[Encoder, Plain]] = [
    (ResNet12(example=(16, 16, 3), width=4), plain.resnet12),
    (ResNet12(example=(16, 16, 1), width=4, growth="tadam"), plain.resnet12),
]
TOLERANCE = 1e-9


def doubled(tensors: Params) -> Params:
    return {name: value.double() for name, value in tensors.items()}


def drawn(encoder: Encoder, seed: int = 0) -> Params:
    """Initial tensors with gains and biases that are not 1 and 0."""
    random = torch.Generator().manual_seed(seed)
    params = doubled(encoder.initialise(random))
    return {
        name: value + 0.1 * torch.randn(value.shape, generator=random).double() if name.startswith("norm") else value
        for name, value in params.items()
    }


def images(encoder: Encoder, *shape: int) -> Tensor:
    return torch.rand(*shape, *encoder.example, generator=torch.Generator().manual_seed(1)).double()


@pytest.mark.parametrize(
    "encoder, count",
    [
        (ResNet12(example=(84, 84, 3)), 12_424_320),
        (ResNet12(example=(84, 84, 3), growth="tadam"), 7_996_800),
    ],
    ids=["MetaOptNet", "TADAM"],
)
def test_parameters_are_as_many_as_the_papers_have(encoder: Encoder, count: int) -> None:
    """12.4 and 8.0 millions."""
    assert sum(value.numel() for value in encoder.initialise(torch.Generator().manual_seed(0)).values()) == count


@pytest.mark.parametrize("encoder, module", SMALL)
@pytest.mark.parametrize("is_given", [False, True], ids=["own statistics", "given statistics"])
def test_features_and_gradients_of_both_orders_are_those_of_the_plain_module(
    encoder: Encoder, module: Plain, is_given: bool
) -> None:
    params, x = drawn(encoder), images(encoder, 6)
    given = encoder.embed(params, x.flip(0) ** 2)[1] if is_given else None

    def loss(features: Tensor) -> Tensor:
        return (features * torch.linspace(-1, 1, features.shape[1])).sum(1).sin().sum()

    def ours(params: Params) -> Tensor:
        return loss(encoder.embed(params, x, given)[0])

    def theirs(params: Params) -> Tensor:
        return loss(module(params, x, given))

    torch.testing.assert_close(encoder.embed(params, x, given)[0], module(params, x, given), atol=TOLERANCE, rtol=0)
    close(grad(ours)(params), grad(theirs)(params))
    close(grad(lambda p: norm(grad(ours)(p)))(params), grad(lambda p: norm(grad(theirs)(p)))(params))


def norm(gradient: Params) -> Tensor:
    return sum((value.square().sum() for value in gradient.values()), torch.zeros(()).double())


def close(left: Params, right: Params) -> None:
    for name in left:
        scale = float(right[name].norm()) + 1e-12
        assert float((left[name] - right[name]).norm()) <= 1e-6 * scale + TOLERANCE, name


@pytest.mark.parametrize("encoder, module", SMALL)
def test_mapping_over_episodes_is_a_loop(encoder: Encoder, module: Plain) -> None:
    """With shared weights and with weights of each episode's own."""
    params, x = drawn(encoder), images(encoder, 3, 4)
    own = {name: torch.stack([value, 2 * value, -value]) for name, value in params.items()}
    looped = torch.stack([encoder(params, one) for one in x])
    torch.testing.assert_close(vmap(lambda one: encoder(params, one))(x), looped, atol=TOLERANCE, rtol=0)
    each = [encoder({name: value[k] for name, value in own.items()}, x[k]) for k in range(3)]
    torch.testing.assert_close(vmap(encoder)(own, x), torch.stack(each), atol=TOLERANCE, rtol=0)


def test_dropblock_drops_squares_and_keeps_the_scale() -> None:
    encoder = ResNet12(example=(32, 32, 3), width=4, drop_rate=0.1)
    params, x = drawn(encoder), images(encoder, 4)
    noise = doubled(encoder.noise(torch.Generator().manual_seed(2), 4))
    assert set(noise) == {"noise.block3", "noise.block4"}
    assert not torch.equal(encoder(params | noise, x), encoder(params, x))
    torch.testing.assert_close(encoder(params | noise, x), encoder(params | noise, x))


def test_features_lie_on_the_device_of_the_images() -> None:
    """On tensors without contents that seem to lie on another device; noise is moved there with the parameters."""
    encoder = ResNet12(example=(16, 16, 3), width=4, drop_rate=0.1)
    random = torch.Generator().manual_seed(0)
    tensors = encoder.initialise(random) | encoder.noise(random, 4)
    with FakeTensorMode() as mode:
        params = {name: mode.from_tensor(value).to(ELSEWHERE) for name, value in tensors.items()}
        x = mode.from_tensor(images(encoder, 4).float()).to(ELSEWHERE)
        features, moments = encoder.embed(params, x)
    assert {value.device.type for value in (features, *moments.values())} == {ELSEWHERE}
