"""Policy gradients of one episode, as functions of tensors: noise by its place, a linear baseline, REINFORCE.

Williams 1992, "Simple statistical gradient-following algorithms" (REINFORCE); Duan et al. 2016, "Benchmarking deep
reinforcement learning for continuous control", and its library rllab (baseline, normalised advantages); Rothfuss et
al. 2019, "ProMP: proximal meta-policy search", equation 8 (the surrogate). Over the n actions of all trajectories,

    R_t = sum_{s >= t} gamma^{s - t} r_s                    return from time t on
    A_t = R_t - b(x_t, t), less its mean over the n, divided by its standard deviation
    J   = (1/n) sum_t  pi(a_t | x_t) / constant(pi(a_t | x_t))  A_t

The ratio is 1. Its gradient is that of log pi, so grad J is REINFORCE's. Its second derivative is

    hess log pi + grad log pi (grad log pi)^T

of which log pi itself (Finn et al. 2017) has the first term only: the second says how a step changes which actions are
taken. That is exact for one action. Over several it leaves out how an action's change shifts what later actions are
worth, which DiCE (Foerster et al. 2018) has, at a variance that grows with their number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    Policy = Callable[[Tensor], Tensor]  # states (n, s) to outputs (n, 2 a): means of actions, logarithms of deviations
    Words = tuple[Tensor, Tensor, Tensor, Tensor]

WORD = 0xFFFFFFFF  # 32 bits, held in 64
ROUNDS = 10
MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
KEY_STEPS = 0x9E3779B9, 0xBB67AE85
LEAST_DEVIATION = 1e-6  # rllab's
RIDGE = 1e-5  # rllab's
LONGEST_STATE = 10.0  # beyond which the baseline sees no difference, as in rllab
TIME_UNIT = 100.0  # of the baseline's features
EPSILON = 1e-8  # added to a standard deviation


class Trajectories(NamedTuple):
    """What happened; time comes first, and after a trajectory's end its rewards and its `alive` are 0."""

    states: Float[Tensor, "time trajectory s"]  # before each action
    actions: Float[Tensor, "time trajectory a"]
    rewards: Float[Tensor, "time trajectory"]
    alive: Float[Tensor, "time trajectory"]  # 1 where the action was taken before the end


def philox(counter: Words, key: tuple[Tensor, Tensor]) -> Words:
    """Four words of 32 random bits for each counter: Philox4x32-10.

    Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3". Words are int64 tensors that broadcast. What
    depends on nothing but them has the same bits anywhere.
    """
    (a, b, c, d), (first, second) = counter, key
    for _ in range(ROUNDS):
        left, right = MULTIPLIERS[0] * a, MULTIPLIERS[1] * c
        a, b = _high(right) ^ b ^ first, right & WORD
        c, d = _high(left) ^ d ^ second, left & WORD
        first, second = (first + KEY_STEPS[0]) & WORD, (second + KEY_STEPS[1]) & WORD
    return a, b, c, d


def noise(keys: Int[Tensor, " trajectory"], step: int, horizon: int) -> Float[Tensor, "horizon trajectory 2"]:
    """Two standard normal numbers for each place (key of a trajectory, adaptation step, time) (Box and Muller 1958).

    In double precision.
    """
    import torch

    time, keys = torch.broadcast_tensors(torch.arange(horizon, device=keys.device)[:, None], keys)
    zeros = torch.zeros_like(time)
    words = philox((time, zeros + step, zeros, zeros), (keys & WORD, _high(keys)))
    radius, turn = ((word.double() + 0.5) / 2**32 for word in words[:2])
    radius, angle = (-2 * radius.log()).sqrt(), 2 * math.pi * turn
    return torch.stack([radius * angle.cos(), radius * angle.sin()], -1)


def distribution(outputs: Float[Tensor, "*n outputs"]) -> tuple[Float[Tensor, "*n a"], Float[Tensor, "*n a"]]:
    """Means and logarithms of the standard deviations of a policy's actions."""
    mean, log_deviation = outputs.chunk(2, -1)
    return mean, log_deviation.clamp(min=math.log(LEAST_DEVIATION))


def act(
    policy: Policy, move: Callable[[Tensor, Tensor], Tensor], start: Tensor, noise: Float[Tensor, "time trajectory a"]
) -> tuple[Float[Tensor, "time_and_one trajectory s"], Float[Tensor, "time trajectory a"]]:
    """States from `start` (trajectory, s) on, and the actions between them: constants, whatever is differentiated."""
    import torch

    states, actions = [start], []
    with torch.no_grad():
        for now in noise:
            mean, log_deviation = distribution(policy(states[-1]))
            actions.append(mean + log_deviation.exp() * now)
            states.append(move(states[-1], actions[-1]))
        return torch.stack(states), torch.stack(actions)


def log_density(policy: Policy, trajectories: Trajectories) -> Float[Tensor, "time trajectory"]:
    """Log pi(a_t | x_t) of every action."""
    states, actions = trajectories.states, trajectories.actions
    mean, log_deviation = distribution(policy(states.flatten(0, 1)).unflatten(0, actions.shape[:2]))
    standard = (actions - mean) * (-log_deviation).exp()
    return -(0.5 * standard.square() + log_deviation + 0.5 * math.log(2 * math.pi)).sum(-1)


def returns(rewards: Float[Tensor, "time trajectory"], discount: float) -> Float[Tensor, "time trajectory"]:
    """R_t of every time."""
    import torch

    time = torch.arange(len(rewards), dtype=rewards.dtype, device=rewards.device)
    later = time - time[:, None]
    return torch.where(later < 0, 0.0, discount ** later.clamp(min=0)) @ rewards


def baseline(trajectories: Trajectories, returns: Float[Tensor, "time trajectory"]) -> Float[Tensor, "time trajectory"]:
    """Least squares for R_t by x, x^2, t, t^2, t^3 and 1, with a ridge: rllab's linear feature baseline.

    Fitted to the trajectories that it is subtracted from, as there is nothing before them.
    """
    import torch

    features = _features(trajectories.states)
    known = (features * trajectories.alive[..., None]).flatten(0, 1)
    ridge = RIDGE * torch.eye(known.shape[1], dtype=known.dtype, device=known.device)
    target = (returns * trajectories.alive).double().flatten()[:, None]
    weights = torch.linalg.solve_ex(known.T @ known + ridge, known.T @ target)[0]  # the other looks at its result
    return (features @ weights).squeeze(-1).to(returns.dtype)


def advantages(trajectories: Trajectories, discount: float) -> Float[Tensor, "time trajectory"]:
    """R_t - b(x_t, t); 0 after the end."""
    found = returns(trajectories.rewards, discount)
    return (found - baseline(trajectories, found)) * trajectories.alive


def normalised(advantages: Float[Tensor, "*n"], alive: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """With mean 0 and standard deviation 1 over what is alive, as rllab's `center_adv`."""
    count = alive.sum()
    deviations = (advantages - advantages.mul(alive).sum() / count) * alive
    return deviations / ((deviations.square().sum() / count).sqrt() + EPSILON)


def surrogate(
    log_density: Float[Tensor, "*n"], advantages: Float[Tensor, "*n"], alive: Float[Tensor, "*n"]
) -> Float[Tensor, ""]:
    """J of the module's docstring: right in its first derivative, and for one action in its second."""
    ratio = (log_density - log_density.detach()).exp()
    return (ratio * advantages * alive).sum() / alive.sum()


def loss(policy: Policy, trajectories: Trajectories, discount: float, weight: float = 1.0) -> Float[Tensor, ""]:
    """Minus the mean return over the policy's own trajectories, with the derivatives of -weight J."""
    constant = normalised(advantages(trajectories, discount), trajectories.alive)
    objective = surrogate(log_density(policy, trajectories), constant, trajectories.alive)
    return -mean_return(trajectories) - weight * (objective - objective.detach())


def mean_return(trajectories: Trajectories) -> Float[Tensor, ""]:
    """The sum of a trajectory's rewards, on the average over trajectories."""
    return trajectories.rewards.sum(0).mean()


def _high(word: Tensor) -> Tensor:
    """The upper 32 of 64 bits."""
    return (word >> 32) & WORD


def _features(states: Float[Tensor, "time trajectory s"]) -> Float[Tensor, "time trajectory features"]:
    import torch

    x = states.double().clamp(-LONGEST_STATE, LONGEST_STATE)
    time = (torch.arange(len(x), device=x.device).double() / TIME_UNIT)[:, None, None].expand(*x.shape[:2], 1)
    return torch.cat([x, x.square(), time, time.square(), time**3, torch.ones_like(time)], -1)
