"""Axes of figures: accuracies by their distance to perfect, errors and costs on logarithmic scales."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

FONT = 8  # points, on a page 10 inches wide: readable where a README shows it 900 pixels wide
ROUND_SCORES = [0.0, 20.0, 50.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.8]
TICK_ROOM = 0.06  # least distance between ticks, of the axis
NEAREST = 0.1  # of 100: what the axis of scores still tells from perfect
HEADROOM = 1.3  # the axis of scores ends at the highest interval's distance to perfect over this ...
FURTHEST = 4.0  # ... but no nearer to perfect than the best point's distance over this
WORST = 20.0  # times the median error: what is worse has diverged, and leaves the panel
DENSE = 2.0  # decades: on a shorter logarithmic axis 2 and 5 have ticks too


def score_axis(axes: Axes, values: pd.DataFrame, is_accuracy: bool, which: str) -> None:
    """Accuracy in percent, spaced by its distance to 100; or mean squared error on a logarithmic axis.

    The columns of `values` are the low ends of intervals, the points and the high ends.
    """
    low, points, high = values.to_numpy(dtype=float).T
    if is_accuracy:
        ends = 100 * np.nanmin([low, points]), 100 * np.nanmax(points), 100 * np.nanmax([high, points])
        distance_to_perfect(axes.set_yscale, axes.set_ylim, axes.set_yticks, *ends)
        axes.set_ylabel(f"{which} accuracy, %", fontsize=FONT)
    else:
        error_axis(axes, "y", points, high)
        axes.set_ylabel(f"{which} mean squared error (lower is better)", fontsize=FONT)
    axes.grid(alpha=0.25)


def error_axis(axes: Axes, name: str, points: np.ndarray, high: np.ndarray) -> None:
    """Axis x or y, logarithmic, from half the least point up, without what has diverged."""
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


def distance_to_perfect(
    set_scale: Callable, set_limits: Callable, set_ticks: Callable, low: float, best: float, high: float
) -> None:
    """An axis logarithmic in 100 - score, where 98 and 99 are as far apart as 60 and 80.

    `low` and `high` are the outermost ends of intervals, `best` is the best point: an interval that reaches much
    nearer to perfect than that, perhaps to 100 itself, leaves the panel.
    """

    def forward(score: np.ndarray | float) -> np.ndarray | float:
        return -np.log10(np.maximum(100 - np.asarray(score), NEAREST))

    def backward(place: np.ndarray | float) -> np.ndarray | float:
        return 100 - 10 ** -np.asarray(place)

    set_scale("function", functions=(forward, backward))
    end = 100 - max((100 - high) / HEADROOM, (100 - best) / FURTHEST, NEAREST)
    set_limits(low - 0.05 * (100 - low), end)
    ticks: list[float] = []
    for tick in ROUND_SCORES:
        far = not ticks or forward(tick) - forward(ticks[-1]) > TICK_ROOM * (forward(end) - forward(low))
        ticks += [tick] if low - 2 <= tick <= end and far else []
    set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    set_ticks([], minor=True)
