"""The plane against a plain loop, closed forms and finite differences; trajectories as functions of their policy."""

import math

import numpy as np
import torch
from policies import perceptron, policy
from torch.func import grad, vmap

from metascore.problems import policy_gradient
from metascore.problems.examples import Episode, Examples
from metascore.problems.navigation import DISCOUNT, Navigation, best_return, going_straight, roll_out, standing_still
from metascore.problems.policy_gradient import (
    Trajectories,
    advantages,
    distribution,
    log_density,
    mean_return,
    noise,
    surrogate,
)

GOALS = torch.tensor([[0.3, -0.2], [0.05, 0.05], [-0.5, 0.4], [0.0, 0.1], [0.02, -0.03]])
SEEDS = torch.tensor([3, 2**50, 5, 6, 7])


def one(params, goal, seed, step=0, count=6) -> Trajectories:
    """Of one episode."""
    keys = seed * 100 + torch.arange(count)
    return roll_out(policy(params), goal.new_zeros(count, 2), goal.expand(count, 2), keys, step)


def rolled(params, goals=GOALS, seeds=SEEDS, step=0, count=6) -> Trajectories:
    """Of every goal, in one batch."""
    return vmap(lambda goal, seed: one(params, goal, seed, step, count))(goals, seeds)


def walked(params, goal, normal) -> list[tuple]:
    """One trajectory, action by action, in plain Python: (state, action, reward) until the arrival."""
    x, taken = (0.0, 0.0), []
    for now in normal.tolist():
        mean, log_deviation = distribution(policy(params)(torch.tensor([x])))
        action = [m + math.exp(d) * z for m, d, z in zip(mean[0].tolist(), log_deviation[0].tolist(), now, strict=True)]
        reached = tuple(c + 0.1 * min(max(a, -1.0), 1.0) for c, a in zip(x, action, strict=True))
        dx, dy = (c - g for c, g in zip(reached, goal.tolist(), strict=True))
        taken.append((x, action, -math.sqrt(dx**2 + dy**2)))
        if abs(dx) < 0.01 and abs(dy) < 0.01:
            break
        x = reached
    return taken


def test_trajectories_against_a_plain_loop(float64):
    params = perceptron()
    goals = rolled(params, GOALS.double()).states[:, 20, 0]  # where it happens to come by
    found, ended = rolled(params, goals), 0
    for episode in range(len(goals)):
        normal = noise(SEEDS[episode] * 100 + torch.arange(6), 0, 100)
        for number in range(6):
            expected = walked(params, goals[episode], normal[:, number])
            length = len(expected)
            ended += length < 100
            states, actions, rewards = (torch.tensor(values) for values in zip(*expected, strict=True))
            taken = Trajectories(*(value[episode, :, number] for value in found))
            torch.testing.assert_close(taken.states[:length], states)
            torch.testing.assert_close(taken.actions[:length], actions)
            torch.testing.assert_close(taken.rewards[:length], rewards)
            assert taken.alive.tolist() == [1.0] * length + [0.0] * (100 - length)
            assert (taken.rewards[length:] == 0).all()
    assert 5 <= ended < 30


def test_trajectories_have_the_same_bits_in_any_batch():
    params = perceptron(width=100)
    whole = rolled(params, count=20)
    for size in (1, 2, 3):
        chunks = [slice(start, start + size) for start in range(0, 5, size)]
        pieces = [rolled(params, GOALS[chunk], SEEDS[chunk], count=20) for chunk in chunks]
        assert all(map(torch.equal, whole, map(torch.cat, zip(*pieces, strict=True))))
    single = [one(params, goal, seed, count=20) for goal, seed in zip(GOALS, SEEDS, strict=True)]
    assert all(map(torch.equal, whole, map(torch.stack, zip(*single, strict=True))))


def test_steps_and_trajectories_have_noise_of_their_own():
    params = perceptron()
    first, second = rolled(params).actions, rolled(params, step=1).actions
    assert not (first == second).any()
    assert not (first[..., 0, :] == first[..., 1, :]).any()


def test_no_gradient_flows_through_what_happened():
    def total(params):
        trajectories = one(params, GOALS[0], SEEDS[0])
        return sum(value.sum() for value in trajectories)

    assert all((value == 0).all() for value in grad(total)(perceptron()).values())


def test_standing_still_has_a_closed_form():
    goals = np.random.default_rng(0).uniform(-0.5, 0.5, (200000, 2))
    assert abs(standing_still() + 100 * np.hypot(*goals.T).mean()) < 0.1
    assert round(standing_still(), 2) == -38.26


def test_going_straight_has_a_closed_form():
    goals = np.random.default_rng(0).uniform(-0.5, 0.5, (200000, 2))
    assert abs(going_straight() - best_return(goals).mean()) < 0.005
    assert round(going_straight(), 2) == -0.51


def test_whoever_knows_the_goal_gets_the_best_return():
    def knows(goal):
        def outputs(x):
            full = ((goal - x) / 0.1).clamp(-1, 1)
            return torch.cat([full, torch.full_like(full, -100.0)], -1)

        return outputs

    returns = [mean_return(roll_out(knows(goal), torch.zeros(1, 2), goal[None], SEEDS[:1], 0)) for goal in GOALS]
    np.testing.assert_allclose(torch.stack(returns), best_return(GOALS.numpy()), atol=1e-4)


def test_policy_gradient_against_finite_differences(float64):
    """Of the undiscounted expected return, with the same noise on both sides; as near as the spread of batches says."""
    params, goal, small = perceptron(), torch.tensor([0.4, -0.3]), 1e-3
    names = "bias", "log_deviation"

    def objective(changed, seed):
        found = one(params, goal, seed, count=300)
        log_densities = log_density(policy(params | changed), found)
        return surrogate(log_densities, advantages(found, 1.0), found.alive) * found.alive.sum() / 300

    def expected(changed, seed):
        return mean_return(one(params | changed, goal, seed, count=300))

    seeds, start = 1000 * torch.arange(24), {name: params[name] for name in names}
    gradients = vmap(lambda seed: grad(objective)(start, seed))(seeds)
    for name in names:
        for place in (0, 1):
            moved = [start | {name: start[name] + side * small * torch.eye(2)[place]} for side in (1, -1)]
            up, down = (vmap(lambda seed, at=at: expected(at, seed))(seeds) for at in moved)
            differences = gradients[name][:, place] - (up - down) / (2 * small)
            error = differences.std() / math.sqrt(len(seeds))
            assert abs(differences.mean()) < 4 * error
            assert name != "bias" or abs(gradients[name][:, place].mean()) > 8 * error


def episode(count=3, shot=4, query=3) -> tuple[Navigation, Episode]:
    """A problem, and its first episode."""
    problem = Navigation(shot=shot, query=query)
    batch = problem.episodes(problem.draw("train", count, {"seed": 0}), torch.device("cpu")).batch(np.arange(count))
    return problem, Episode(*(Examples(*(value[0] for value in part)) for part in batch))


def test_rows_are_goals_and_seeds():
    problem = Navigation(shot=4, query=3)
    rows = problem.draw("train", 1000, {"seed": 0})
    assert rows.dtype.names == ("goal", "seed") and problem.possible(rows)
    assert abs(rows["goal"].mean()) < 0.02 and abs(rows["goal"].std() - 1 / math.sqrt(12)) < 0.01
    assert len(np.unique(rows["seed"])) == 1000
    rows["goal"][0, 0] = 0.6
    assert not problem.possible(rows)


def test_support_and_query_share_a_goal_and_no_noise():
    _, (support, query) = episode()
    assert torch.equal(support.y[:3], query.y) and len(support.y) == 4
    keys = torch.cat([support.class_id, query.class_id])
    assert len(keys.unique()) == 7


def test_updates_after_the_first_count_half():
    """Of the policy gradient over the trajectories with the noise of their step."""
    problem, (support, _) = episode(shot=20)
    params = perceptron()

    def whole(params, step):
        return policy_gradient.loss(policy(params), roll_out(policy(params), *support, step), DISCOUNT)

    for step, share in ((0, 1.0), (1, 0.5), (2, 0.5)):
        found = grad(lambda params, step=step: problem.loss(policy(params), support, step))(params)
        expected = grad(whole)(params, step)
        for name in params:
            torch.testing.assert_close(found[name], share * expected[name])


def test_paths_are_those_of_the_query_until_the_arrival():
    problem = Navigation(shot=4, query=3)
    episodes = problem.episodes(problem.draw("train", 5, {"seed": 0}), torch.device("cpu"))
    policies = [policy(perceptron(seed)) for seed in range(11)]

    def look(view, count):
        return vmap(lambda episode: view(policies, episode))(episodes.batch(np.arange(count))).numpy()

    seen = problem.figure_data(episodes, look) | problem.shown(episodes)
    assert seen["goals"].shape == (4, 2) and seen["paths"].shape == (4, 4, 3, 101, 2)
    query = Examples(*(value[1] for value in episodes.batch(np.arange(2)).query))
    taken = roll_out(policies[2], *query, 0)
    for number, path in enumerate(seen["paths"][1, 2]):
        length = int(taken.alive[:, number].sum())
        np.testing.assert_allclose(path[:length], taken.states[:length, number], atol=1e-6)
        assert np.isfinite(path[: length + 1]).all() and np.isnan(path[length + 1 :]).all()
        goal_missed = -np.linalg.norm(path[1 : length + 1] - seen["goals"][1], axis=-1)
        np.testing.assert_allclose(goal_missed, taken.rewards[:length, number], atol=1e-6)
