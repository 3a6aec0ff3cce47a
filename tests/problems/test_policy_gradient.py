"""Policy gradients against published words, plain loops, closed forms and finite differences."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch.func import grad, jacrev, vmap

from metascore.problems.policy_gradient import (
    RIDGE,
    Trajectories,
    baseline,
    log_density,
    noise,
    philox,
    returns,
    surrogate,
)

WORD = 0xFFFFFFFF
TARGET, RATE = 1.5, 0.1  # of the bandit


@pytest.fixture
def trajectories() -> Trajectories:
    """Three of four actions each, one of which ends after two."""
    random = torch.Generator().manual_seed(0)
    alive = torch.ones(4, 3)
    alive[2:, 1] = 0
    states, actions = torch.randn(2, 4, 3, 2, generator=random)
    return Trajectories(states, actions, -torch.rand(4, 3, generator=random) * alive, alive)


@pytest.mark.parametrize(
    "counter, key, words",
    [  # Random123's kat_vectors
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((WORD,) * 4, (WORD,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_the_published_words(counter, key, words):
    a, b, c, d = map(torch.tensor, counter)
    first, second = map(torch.tensor, key)
    found = philox((a, b, c, d), (first, second))
    assert tuple(map(int, found)) == words


def test_noise_is_standard_normal():
    found = noise(2**40 + torch.arange(200), 0, 100).double()
    for coordinate in (0, 1):
        assert stats.kstest(found[..., coordinate].flatten(), "norm").pvalue > 0.01
    rows = torch.stack([found[:-1].flatten(), found[1:].flatten(), found.flip(-1)[:-1].flatten()])
    correlation = torch.corrcoef(rows).fill_diagonal_(0)
    assert correlation.abs().max() < 5 / math.sqrt(rows.shape[1])


def test_noise_belongs_to_its_place():
    keys = torch.tensor([0, 1, 2, 2**32, 2**62])
    found = torch.stack([noise(keys, step, 4) for step in (0, 1)])
    assert len(found.unique()) == found.numel()
    assert torch.equal(noise(keys[[3, 1]], 1, 2), found[1][:2, [3, 1]])
    together = vmap(lambda key: noise(key[None], 1, 4))(keys)
    assert torch.equal(together.squeeze(2).transpose(0, 1), found[1])


def test_returns_against_a_loop(trajectories):
    expected: list[torch.Tensor] = []
    later = torch.zeros(3)
    for reward in trajectories.rewards.flip(0):
        later = reward + 0.9 * later
        expected.insert(0, later)
    torch.testing.assert_close(returns(trajectories.rewards, 0.9), torch.stack(expected))


def test_baseline_against_least_squares(trajectories, float64):
    alive = trajectories.alive.bool()
    found = returns(trajectories.rewards, 0.9)
    x, t = trajectories.states.double().numpy(), np.arange(4).repeat(3).reshape(4, 3, 1) / 100
    features = np.concatenate([x, x**2, t, t**2, t**3, np.ones_like(t)], -1)
    ridge = math.sqrt(RIDGE) * np.eye(8)  # rows of which least squares makes a ridge
    rows = np.concatenate([features[alive.numpy()], ridge])
    values = np.concatenate([found[alive].double().numpy(), np.zeros(8)])
    expected = features @ np.linalg.lstsq(rows, values, rcond=None)[0]
    np.testing.assert_allclose(baseline(trajectories, found).double().numpy(), expected, rtol=1e-4, atol=1e-5)


def test_log_density_against_torch(trajectories):
    outputs = torch.tensor([0.3, -0.2, 0.1, -0.5])
    normal = torch.distributions.Normal(outputs[:2], outputs[2:].exp())
    found = log_density(lambda x: outputs.expand(len(x), 4), trajectories)
    torch.testing.assert_close(found, normal.log_prob(trajectories.actions).sum(-1))


def bandit(parameters: torch.Tensor, through: torch.Tensor | None = None) -> torch.Tensor:
    """J of one action a ~ N(m, s) with reward -(a - TARGET)^2; its expectation is exact, by quadrature.

    E J = -(m - TARGET)^2 - s^2, with parameters (m, log s).
    """
    nodes, weights = (torch.from_numpy(v) for v in np.polynomial.hermite_e.hermegauss(20))
    mean, log_deviation = parameters
    actions = (mean + log_deviation.exp() * nodes).detach()
    outputs = torch.stack([mean.expand(20), log_deviation.expand(20)], -1)
    zeros = torch.zeros(1, 20)
    one = Trajectories(zeros[..., None], actions[None, :, None], zeros, zeros)
    rewards = -(actions - TARGET).square()
    return surrogate(log_density(lambda x: outputs, one), rewards[None], weights[None])


def test_derivatives_of_a_bandit_in_closed_form(float64):
    parameters = torch.tensor([0.4, -0.3])
    mean, variance = 0.4, math.exp(-0.6)
    expected = torch.tensor([-2 * (mean - TARGET), -2 * variance])
    torch.testing.assert_close(grad(bandit)(parameters), expected)
    torch.testing.assert_close(jacrev(grad(bandit))(parameters), torch.diag(torch.tensor([-2.0, -4 * variance])))


def test_meta_gradient_of_a_bandit_in_closed_form(float64):
    """d/dm of E J after a step from m: -2 (m' - TARGET) dm'/dm with m' = m - 2 RATE (m - TARGET)."""
    deviation = torch.tensor(-0.3)

    def adapted(mean: torch.Tensor) -> torch.Tensor:
        gradient = grad(bandit)(torch.stack([mean, deviation]))
        return bandit(torch.stack([mean + RATE * gradient[0], deviation]))

    means = torch.tensor([0.4, -1.0, 2.0])
    after = means - 2 * RATE * (means - TARGET)
    torch.testing.assert_close(vmap(grad(adapted))(means), -2 * (after - TARGET) * (1 - 2 * RATE))
    leaves = means.clone().requires_grad_()  # as meta-training does
    (gradient,) = torch.autograd.grad(vmap(adapted)(leaves).sum(), leaves)
    torch.testing.assert_close(gradient, vmap(grad(adapted))(means))
