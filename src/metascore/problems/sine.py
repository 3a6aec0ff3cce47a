"""Sine waves: which wave is it, from a few of its points?

Finn, Abbeel and Levine 2017, "Model-agnostic meta-learning for fast adaptation of deep networks", section 5.1.

    y = A sin(x - phase),  A uniform on [0.1, 5],  phase uniform on [0, pi],  x uniform on [-5, 5]
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np
from jaxtyping import Float

from metascore.problems.examples import Episode, Episodes, Examples
from metascore.problems.supervised import Regression
from metascore.randomness import numpy_generator

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from metascore.problems.examples import Look, Predictor

AMPLITUDE = (0.1, 5.0)
PHASE = (0.0, np.pi)
X = (-5.0, 5.0)
SHOWN = 3  # the first waves of the test file
POINTS = 201  # of a drawn function
MOVES = (1, 5, 10)  # the steps after which it is measured how far a function has moved


@final
@dataclass(frozen=True, kw_only=True)
class Sine(Regression):
    """One number in, one number out; `shot` and `query` count points."""

    name: ClassVar[str] = "sine"
    chunk_size: ClassVar[int] = 250
    seconds_per_task: ClassVar[float] = 0.0002

    @property
    def example(self) -> tuple[int, ...]:
        return (1,)

    @property
    def outputs(self) -> int:
        return 1

    def draw(self, part: str, count: int, settings: Mapping[str, Any], sources: Sequence[Path] = ()) -> np.ndarray:
        """Amplitude, phase and the places x to look at, the first `shot` of which are the support set.

        With `grid`, the query places of validation and test are evenly spaced over the whole range.
        """
        random = numpy_generator(settings["seed"], "episodes", self.stream(part))
        rows = np.zeros(count, self.row)
        rows["amplitude"] = random.uniform(*AMPLITUDE, count)
        rows["phase"] = random.uniform(*PHASE, count)
        rows["x"] = random.uniform(*X, (count, self.shot + self.query))
        if settings["grid"] and part != "train":
            rows["x"][:, self.shot :] = np.linspace(*X, self.query)
        return rows

    @property
    def row(self) -> np.dtype[Any]:
        """Phases are radians."""
        return np.dtype([("amplitude", "<f4"), ("phase", "<f4"), ("x", "<f4", (self.shot + self.query,))])

    def possible(self, rows: np.ndarray) -> bool:
        return all(bool(np.isfinite(rows[name]).all()) for name in self.row.names or ())

    def episodes(self, rows: np.ndarray, material: torch.device) -> Waves:
        return Waves(rows, self.shot, material)

    def blind(self, x: Float[Tensor, "n 1"]) -> Float[Tensor, "n 1"]:
        """The mean of all waves, which has the least mean squared error of all functions.

        E[A sin(x - phase)] = E[A] (1/pi) integral_0^pi sin(x - phase) dphase = -(a + b)/2 * (2/pi) cos(x)
        """
        return -(sum(AMPLITUDE) / 2) * (2 / math.pi) * x.cos()

    def shown(self, episodes: Episodes) -> dict[str, np.ndarray]:
        """Of the first waves support_x, support_y (wave, shot), query_x, query_y (wave, query)."""
        waves = episodes.batch(np.arange(min(SHOWN, len(episodes))))
        return {
            f"{name}_{axis}": getattr(part, axis).squeeze(-1).cpu().numpy()
            for name, part in zip(("support", "query"), waves, strict=True)
            for axis in "xy"
        }

    def figure_data(self, episodes: Episodes, look: Look) -> dict[str, np.ndarray]:
        """The functions that a learner predicts, on a grid, and their distances from others.

        grid (grid); of the first waves functions (wave, step, grid); over all episodes, as mean squared distances over
        the grid, distance_to_mean () of the unadapted function from `blind`, and moved (step in MOVES) from the
        unadapted function.
        """
        grid = _grid()
        drawn = look(_functions, None)
        before = drawn[:, :1].astype(np.float64)
        return {
            "grid": grid[:, 0].numpy(),
            "functions": drawn[:SHOWN],
            "distance_to_mean": np.square(before - self.blind(grid)[:, 0].numpy()).mean(),
            "moved": np.array([np.square(drawn[:, k : k + 1] - before).mean() for k in MOVES]),
        }

    def title(self, synthetic: bool) -> str:
        return f"Sine, {self.shot}-shot"

    def data(self, synthetic: bool) -> str:
        return "sine waves"


def _grid() -> Float[Tensor, "grid 1"]:
    import torch

    return torch.linspace(*X, POINTS)[:, None]


def _functions(predictors: Sequence[Predictor], episode: Episode) -> Float[Tensor, "step grid"]:
    """The function after each step."""
    import torch

    grid = _grid().to(episode.query.x.device)
    return torch.stack([predict(grid).squeeze(-1) for predict in predictors])


class Waves(Episodes):
    """Episodes of sine waves."""

    def __init__(self, rows: np.ndarray, shot: int, device: torch.device) -> None:
        self.rows, self.shot, self.device = rows, shot, device

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, index: np.ndarray) -> Episode:
        """The episodes of these rows, every tensor with a leading episode axis."""
        import torch

        rows = self.rows[index]
        y = rows["amplitude"][:, None] * np.sin(rows["x"] - rows["phase"][:, None])
        x, y = (torch.from_numpy(v.copy()).to(self.device)[..., None] for v in (rows["x"], y))
        none = torch.zeros(x.shape[:2], dtype=torch.int64, device=self.device)
        k = self.shot
        return Episode(Examples(x[:, :k], y[:, :k], none[:, :k]), Examples(x[:, k:], y[:, k:], none[:, k:]))
