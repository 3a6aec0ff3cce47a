"""The scales of scores: range, direction and format in tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Scale:
    """The unit of a problem's scores."""

    name: str
    label: str  # heads its column in tables
    lowest: float
    highest: float
    higher_is_better: bool
    factor: float = 1.0  # from a score to what is printed
    digits: int = 3
    unit: str = ""  # after a printed score
    levels: tuple[float, ...] = ()  # tables show the time that a training takes to reach them
    steps: tuple[int, ...] = ()  # adaptation steps at which papers state scores; (): only the last

    @property
    def axis(self) -> str:
        """The label of an axis of such scores."""
        return self.label if self.higher_is_better else f"{self.label} (lower is better)"

    @property
    def worst(self) -> float:
        """The score that counts for an episode without a finite score."""
        return self.lowest if self.higher_is_better else self.highest

    def counted(self, scores: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
        """The scores, with the worst one in place of those that are not finite: accuracy 0, or an infinite error."""
        return np.where(np.isfinite(scores), scores, self.worst)


LEVELS = (0.8, 0.9, 0.95, 0.97)
ACCURACY = Scale(
    "accuracy", "accuracy, %", 0.0, 1.0, higher_is_better=True, factor=100.0, digits=2, unit=" %", levels=LEVELS
)
ERROR = Scale("error", "mean squared error", 0.0, math.inf, higher_is_better=False, steps=(1, 5, 10))
RETURN = Scale("return", "mean return", -math.inf, 0.0, higher_is_better=True, digits=2, steps=(0, 1, 2, 3))
