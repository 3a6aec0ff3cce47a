"""Navigation in the plane: reach an unknown goal, from the cost of being far from it.

Finn, Abbeel and Levine 2017, "Model-agnostic meta-learning", section 5.3; official code: cbfinn/maml_rl. A point
starts at the origin. Its goal is uniform on [-1/2, 1/2]^2. In each of 100 steps an action, clipped to [-1, 1]^2, moves
it by at most 0.1 a coordinate, and it is charged its distance to the goal. Within 0.01 of the goal in each coordinate
it has arrived, and is charged no more.

The policy is Gaussian. Its noise is a function of (seed, trajectory, adaptation step, time), so that trajectories are a
function of the policy's parameters alone, and the same noise meets all learners.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from metascore.problems.base import Problem
from metascore.problems.examples import Episode, Episodes, Examples
from metascore.problems.scale import RETURN, Scale
from metascore.randomness import numpy_generator

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float, Int
    from torch import Tensor

    from metascore.problems.examples import Look, Predictor
    from metascore.problems.policy_gradient import Policy, Trajectories

HORIZON = 100  # actions
FARTHEST = 0.5  # coordinate of a goal
LONGEST_MOVE = 0.1  # a coordinate and action
ARRIVED = 0.01  # from the goal, in each coordinate
DISCOUNT = 0.99  # gamma, for advantages; returns are not discounted
LATER = 0.5  # of the rate of an episode's first update, for the others: the official code tests with 0.5, 0.25, 0.25
MOST_TRAJECTORIES = 2**24  # of an episode
GOALS_SHOWN, STEPS_SHOWN, TRAJECTORIES_SHOWN = 4, 4, 3  # in figures
STAYS = -100.0  # logarithm of a deviation: none


@final
@dataclass(frozen=True, kw_only=True)
class Navigation(Problem):
    """States in, a Gaussian policy's actions out; `shot` and `query` count trajectories.

    An example is a trajectory: where it starts, its goal and the key of its noise.
    """

    name: ClassVar[str] = "navigation"
    scale: ClassVar[Scale] = RETURN
    chunk_size: ClassVar[int] = 10
    seconds_per_task: ClassVar[float] = 0.02
    constant_outputs: ClassVar[int] = 2

    way: int = dataclasses.field(default=1, init=False)

    @property
    def example(self) -> tuple[int, ...]:
        return (2,)

    @property
    def outputs(self) -> int:
        """Means of both coordinates of an action, and the logarithms of their standard deviations."""
        return 4

    @property
    def size(self) -> str:
        return f"{self.shot}s{self.query}q"

    @property
    def target(self) -> tuple[int, ...]:
        return (2,)

    def draw(self, part: str, count: int, settings: Mapping[str, Any], sources: Sequence[Path] = ()) -> np.ndarray:
        """Goals, and the seeds of their noise."""
        random = numpy_generator(settings["seed"], "episodes", self.stream(part))
        rows = np.zeros(count, self.row)
        rows["goal"] = random.uniform(-FARTHEST, FARTHEST, (count, 2))
        rows["seed"] = random.integers(0, 2**32, count)
        return rows

    @property
    def row(self) -> np.dtype[Any]:
        return np.dtype([("goal", "<f4", (2,)), ("seed", "<u4")])

    def possible(self, rows: np.ndarray) -> bool:
        return bool((np.abs(rows["goal"]) <= FARTHEST).all())

    def episodes(self, rows: np.ndarray, material: torch.device) -> Goals:
        return Goals(rows, self.shot, self.query, material)

    def loss(self, predict: Policy, examples: Examples, step: int = 0) -> Float[Tensor, ""]:
        """Minus the mean return of the policy's own trajectories, with the derivatives of the policy gradient.

        Those count half from the second update on: as if rates were halved, whatever they are.
        """
        from metascore.problems import policy_gradient

        return policy_gradient.loss(predict, roll_out(predict, *examples, step), DISCOUNT, LATER if step else 1.0)

    def score(self, predict: Policy, examples: Examples) -> Float[Tensor, ""]:
        """The mean return. After any number of adaptation steps, the same noise."""
        from metascore.problems.policy_gradient import mean_return

        return mean_return(roll_out(predict, *examples, step=0))

    def blind(self, x: Float[Tensor, "n 2"]) -> Float[Tensor, "n 4"]:
        """Stand still: goals are spread evenly around the origin."""
        import torch

        mean = torch.zeros_like(x)
        return torch.cat([mean, mean + STAYS], -1)

    def shown(self, episodes: Episodes) -> dict[str, np.ndarray]:
        """The first goals, goals (goal, 2)."""
        goals = episodes.batch(np.arange(min(GOALS_SHOWN, len(episodes)))).query.y[:, 0]
        return {"goals": goals.cpu().numpy()}

    def figure_data(self, episodes: Episodes, look: Look) -> dict[str, np.ndarray]:
        """The ways to the goals of `shown`, paths: see `_paths`."""
        return {"paths": look(_paths, min(GOALS_SHOWN, len(episodes)))}

    @property
    def perfect(self) -> float:
        """What `best_return` is on the average."""
        return going_straight()

    def title(self, synthetic: bool) -> str:
        return f"Navigation, {self.shot} trajectories"

    def data(self, synthetic: bool) -> str:
        return "goals in the plane"


class Goals(Episodes):
    """Episodes with a goal each; support and query trajectories have noise of their own."""

    def __init__(self, rows: np.ndarray, shot: int, query: int, device: torch.device) -> None:
        self.rows, self.shot, self.query, self.device = rows, shot, query, device

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index: np.ndarray) -> Episode:
        """The episodes of these rows, every tensor with a leading episode axis."""
        import torch

        rows = self.rows[index]
        numbers = np.arange(self.shot + self.query)
        keys = torch.from_numpy(rows["seed"].astype(np.int64)[:, None] * MOST_TRAJECTORIES + numbers).to(self.device)
        goals = torch.from_numpy(rows["goal"].repeat(len(numbers), 0)).to(self.device).unflatten(0, keys.shape)
        parts = (values.split((self.shot, self.query), 1) for values in (torch.zeros_like(goals), goals, keys))
        return Episode(*(Examples(*values) for values in zip(*parts, strict=True)))


def _paths(predictors: Sequence[Predictor], episode: Episode) -> Float[Tensor, "step trajectory time_and_one 2"]:
    """Where the first query trajectories lead before adaptation and after its first steps; nan after the arrival."""
    import torch

    starts, goals, keys = (values[:TRAJECTORIES_SHOWN] for values in episode.query)
    taken = [roll_out(predict, starts, goals, keys, step=0) for predict in predictors[:STEPS_SHOWN]]
    reached = [move(one.states, one.actions).where(one.alive[..., None] > 0, math.nan) for one in taken]
    return torch.stack([torch.cat([starts[None], one]).transpose(0, 1) for one in reached])


def move(position: Float[Tensor, "*n 2"], action: Float[Tensor, "*n 2"]) -> Float[Tensor, "*n 2"]:
    """Where an action leads."""
    return position + LONGEST_MOVE * action.clamp(-1, 1)


def rewards_and_alive(
    reached: Float[Tensor, "time trajectory 2"], goal: Float[Tensor, 2]
) -> tuple[Float[Tensor, "time trajectory"], Float[Tensor, "time trajectory"]]:
    """The reward of each action by the position that it reached, and 1 where it was taken before the arrival."""
    import torch

    offset = reached - goal
    outside = (offset.abs() >= ARRIVED).any(-1).to(offset.dtype)
    alive = torch.cat([torch.ones_like(outside[:1]), outside[:-1].cumprod(0)])
    return -offset.square().sum(-1).sqrt() * alive, alive


def roll_out(
    policy: Policy,
    starts: Float[Tensor, "trajectory 2"],
    goals: Float[Tensor, "trajectory 2"],
    keys: Int[Tensor, " trajectory"],
    step: int,
) -> Trajectories:
    """The trajectories of a policy; their noise is that of the adaptation step. No gradient flows through them."""
    from metascore.problems.policy_gradient import Trajectories, act, noise

    positions, actions = act(policy, move, starts, noise(keys, step, HORIZON).to(starts.dtype))
    return Trajectories(positions[:-1], actions, *rewards_and_alive(positions[1:], goals))


def best_return(goal: np.ndarray) -> np.ndarray:
    """The highest return for each goal (..., 2): full speed towards it in each coordinate.

    After t steps no policy is nearer in any coordinate than max(|g| - 0.1 t, 0), so none arrives earlier either.
    """
    steps = np.arange(1, round(FARTHEST / LONGEST_MOVE) + 1)
    left = np.maximum(np.abs(goal)[..., None] - LONGEST_MOVE * steps, 0)
    return -np.hypot(left[..., 0, :], left[..., 1, :]).sum(-1)


def mean_distance(side: float) -> float:
    """E|g| for g uniform on [0, side]^2: side (sqrt 2 + arsinh 1) / 3."""
    return side * (math.sqrt(2) + math.asinh(1)) / 3


def standing_still() -> float:
    """Mean return, over all goals, of the best policy that ignores its goal: -100 E|g| = -38.26."""
    return -HORIZON * mean_distance(FARTHEST)


def going_straight() -> float:
    """Mean of `best_return` over all goals, -0.51.

    After t steps the goal is still s = 1/2 - 0.1 t away at most, in both coordinates with probability (s / (1/2))^2,
    in a given one only with s (0.1 t) / (1/2)^2.
    """
    moved = [LONGEST_MOVE * step for step in range(1, round(FARTHEST / LONGEST_MOVE))]
    left = [(FARTHEST - done, done) for done in moved]
    return -sum(s**2 * (mean_distance(s) + done) for s, done in left) / FARTHEST**2
