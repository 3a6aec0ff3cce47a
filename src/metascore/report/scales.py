"""Axes of figures: accuracies and returns by their distance to the best score, errors and counts logarithmically."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from metascore.problems.scale import Scale
from metascore.scoring.scores import WORST

FONT = 8  # points
PERFECT = 100.0  # in per cent
ROUND_DISTANCES = [100.0, 80.0, 50.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.5, 0.2]  # to the best score
TICK_ROOM = 0.07  # least distance between ticks, of the axis
NEAREST = 0.1  # the least distance to the best score that the axis resolves
HEADROOM = 1.3  # the axis of scores ends at the highest interval's distance to the best score over this ...
FURTHEST = 4.0  # ... but no nearer to it than the best point's distance over this
DENSE = 2.0  # decades: a shorter logarithmic axis has ticks at 2 and 5 too


def score_levels(axes: Axes, rows: pd.DataFrame, scale: Scale, which: str) -> None:
    """The axis y of scores; the columns of `rows` are the low ends of intervals, the points and the high ends."""
    values = scale.factor * rows.to_numpy(dtype=float)
    score_axis(axes, "y", values, values[:, 1], scale)
    axes.set_ylabel(axis_name(f"{which} {scale.axis}", scale), fontsize=FONT)
    axes.grid(alpha=0.25)


def axis_name(label: str, scale: Scale) -> str:
    """The label of a score axis, which names the axis's spacing."""
    if not scale.higher_is_better:
        return f"{label}, log scale"
    return f"{label}, log scale of {scale.factor * scale.highest:g} − score"


def score_axis(axes: Axes, name: str, values: np.ndarray, points: np.ndarray, scale: Scale) -> None:
    """Axis x or y of scores: `values` are printed scores and the ends of intervals, `points` the scores alone."""
    known, reached = values[np.isfinite(values)], points[np.isfinite(points)]
    if not scale.higher_is_better:
        error_axis(axes, name, points, values)
    elif len(reached):
        ends = known.min(), reached.max(), known.max()
        distance_to_perfect(axes, name, *ends, perfect=scale.factor * scale.highest)


def error_axis(axes: Axes, name: str, points: np.ndarray, high: np.ndarray) -> None:
    """Axis x or y, logarithmic, from half the least point up, without errors that have diverged."""
    points, high = points[np.isfinite(points)], high[np.isfinite(high)]
    if not len(points):
        return
    end = min(1.2 * max(points.max(), high.max(initial=0)), WORST * float(np.median(points)))
    logarithmic(axes, name, 0.5 * points.min(), end)


def logarithmic(axes: Axes, name: str, low: float, high: float) -> None:
    """Axis x or y, logarithmic, with plain numbers at its ticks."""
    axes.set(**{f"{name}scale": "log", f"{name}lim": (low, high)})
    axis = getattr(axes, f"{name}axis")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if np.log10(high / low) < DENSE else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def distance_to_perfect(axes: Axes, name: str, low: float, best: float, high: float, perfect: float = PERFECT) -> None:
    """Axis x or y, logarithmic in perfect - score: of per cents, 98 and 99 are as far apart as 60 and 80.

    `low` and `high` are the outermost ends of intervals, `best` is the best point. An interval that reaches much nearer
    to perfect than the best point leaves the panel.
    """

    def forward(score: np.ndarray | float) -> np.ndarray | float:
        return -np.log10(np.maximum(perfect - np.asarray(score), NEAREST))

    def backward(place: np.ndarray | float) -> np.ndarray | float:
        return perfect - 10 ** -np.asarray(place)

    getattr(axes, f"set_{name}scale")("function", functions=(forward, backward))
    end = perfect - max((perfect - high) / HEADROOM, (perfect - best) / FURTHEST, NEAREST)
    getattr(axes, f"set_{name}lim")(low - 0.05 * (perfect - low), end)
    ticks: list[float] = []
    for tick in (perfect - distance for distance in ROUND_DISTANCES):
        far = not ticks or forward(tick) - forward(ticks[-1]) > TICK_ROOM * (forward(end) - forward(low))
        ticks += [tick] if low - 2 <= tick <= end and far else []
    set_ticks = getattr(axes, f"set_{name}ticks")
    set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    set_ticks([], minor=True)
