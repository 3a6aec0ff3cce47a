"""What all figures share: a learner's style, panels, axes on which good learners differ, labels of lines.

Hue tells families apart, in colours that colour-blind readers can tell too. Within a family, shade, line
style and marker tell learners apart, and every line carries its learner's name.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.optimize import isotonic_regression

HUES = {  # the darkest and the lightest colour of each family
    "metric": ("#08306b", "#4a9ed8"),
    "model": ("#8c2d04", "#f08a24"),
    "optimisation": ("#00441b", "#7fb82e"),
    "baseline": ("#7a2a62", "#d281b4"),
    "control": ("#444444", "#8c8c8c"),
}
OTHER_HUE = ("#5a4a00", "#b59a00")
LINES = ["-", "--", "-.", ":"]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "<"]
FONT = 8  # points, on a page 10 inches wide: readable where a README shows it 900 pixels wide
WIDTH = 10.0  # inches
LABEL_ROOM = 1.25  # distance between labels, in heights of the font
ROUND_SCORES = [0.0, 20.0, 50.0, 80.0, 90.0, 95.0, 98.0, 99.0, 99.5, 99.8]
TICK_ROOM = 0.06  # least distance between ticks, of the axis
NEAREST = 0.1  # of 100: what the axis of scores still tells from perfect


@dataclass(frozen=True)
class Style:
    """How one learner is drawn, in every figure."""

    colour: str
    line: str
    marker: str


def styles(families: dict[str, str]) -> dict[str, Style]:
    """A style a learner, from the learners' families: the same set of learners gives the same styles."""
    chosen = {}
    for family in set(families.values()):
        members = sorted(learner for learner in families if families[learner] == family)
        for k, learner in enumerate(members):
            shade = k / (len(members) - 1) if len(members) > 1 else 0.5
            chosen[learner] = Style(_shade(family, shade), LINES[k % len(LINES)], MARKERS[k % len(MARKERS)])
    return chosen


def _shade(family: str, position: float) -> str:
    """From the family's darkest colour (0) to its lightest (1)."""
    dark, light = (np.array(colors.to_rgb(end)) for end in HUES.get(family, OTHER_HUE))
    return colors.to_hex(tuple((1 - position) * dark + position * light))


def panels(titles: dict[str, str], height: float, left: float, right: float) -> tuple[Figure, list[Axes]]:
    """A figure with a panel a title in two columns; a panel's margins (inches) leave room for labels."""
    columns = min(2, len(titles))
    rows = -(-len(titles) // columns)
    head, between = 0.6, 0.85  # inches: the key and a title; axis labels, and the next title
    total = head + rows * (height + between) - 0.35
    figure = Figure(figsize=(WIDTH, total), dpi=150)
    panel_width = WIDTH / columns - left - right
    places = []
    for k in range(len(titles)):
        bottom = total - head - (k // columns) * (height + between) - height
        place = (
            ((k % columns) * WIDTH / columns + left) / WIDTH,
            bottom / total,
            panel_width / WIDTH,
            height / total,
        )
        places.append(figure.add_axes(place))
    for axes in places:
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=FONT)
    return figure, places


def family_key(figure: Figure, families: list[str]) -> None:
    """The key to the colours: each family's name in its hue, in one line at the top."""
    present = [family for family in HUES if family in families] + sorted(set(families) - set(HUES))
    marks = [Line2D([], [], color=_shade(family, 0.5), marker="o", ls="", label=family) for family in present]
    figure.legend(
        handles=marks, ncols=len(marks), loc="upper left", frameon=False, labelcolor="linecolor",
        fontsize=FONT + 1, handletextpad=0.0, borderaxespad=0.2,
    )  # fmt: skip


def score_axis(axes: Axes, values: pd.DataFrame, is_accuracy: bool, which: str) -> None:
    """Accuracy in percent, spaced by its distance to 100; or mean squared error on a logarithmic axis."""
    finite = values.to_numpy()[np.isfinite(values.to_numpy())]
    if is_accuracy:
        low, high = 100 * finite.min(), 100 * finite.max()
        distance_to_perfect(axes.set_yscale, axes.set_ylim, axes.set_yticks, low, high)
        axes.set_ylabel(f"{which} accuracy, %", fontsize=FONT)
    else:
        axes.set_yscale("log")
        axes.set_ylabel(f"{which} mean squared error (lower is better)", fontsize=FONT)
    axes.grid(alpha=0.25)


def distance_to_perfect(
    set_scale: Callable, set_limits: Callable, set_ticks: Callable, low: float, high: float
) -> None:
    """An axis logarithmic in 100 - score, where 98 and 99 are as far apart as 60 and 80."""

    def forward(score: np.ndarray | float) -> np.ndarray | float:
        return -np.log10(np.maximum(100 - np.asarray(score), NEAREST))

    def backward(place: np.ndarray | float) -> np.ndarray | float:
        return 100 - 10 ** -np.asarray(place)

    set_scale("function", functions=(forward, backward))
    end = min(100 - (100 - high) / 1.3, 100 - NEAREST)
    set_limits(low - 0.05 * (100 - low), end)
    ticks: list[float] = []
    for tick in ROUND_SCORES:
        far = not ticks or forward(tick) - forward(ticks[-1]) > TICK_ROOM * (forward(end) - forward(low))
        ticks += [tick] if low - 2 <= tick <= end and far else []
    set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    set_ticks([], minor=True)


def curve(axes: Axes, line: pd.DataFrame, x: str, y: str, style: Style, factor: float) -> None:
    """A line with its band."""
    low, high = factor * line[f"{y}_low"], factor * line[f"{y}_high"]
    axes.fill_between(line[x], low, high, color=style.colour, alpha=0.15, lw=0)
    axes.plot(line[x], factor * line[y], style.line, color=style.colour, lw=1.3, marker=style.marker, ms=3)


def label_ends(axes: Axes, lines: pd.DataFrame, x: str, y: str, drawn: dict[str, Style], factor: float) -> None:
    """Each learner's name to the right of the panel, as near to its line's end as the others' names allow."""
    ends = lines[np.isfinite(lines[y])].groupby("learner", sort=False).tail(1)
    points = np.column_stack([ends[x], factor * ends[y]])
    places = axes.transAxes.inverted().transform(axes.transData.transform(points))
    height = axes.bbox.height / axes.figure.dpi * 72  # points
    heights = spread(places[:, 1], LABEL_ROOM * FONT / height)
    last = lines.groupby("learner")[x].max()
    for learner, end, (start, level), label in zip(ends["learner"], ends[x], places, heights, strict=True):
        name = learner if end == last[learner] else f"{learner} → ∞"
        colour = drawn[learner].colour
        # A learner without training has its only point at iteration 0, which a logarithmic axis hasn't.
        axes.plot(
            [max(start, 0), 1.005, 1.05, 1.065], [level, level, label, label], color=colour, lw=0.5, alpha=0.7,
            transform=axes.transAxes, clip_on=False,
        )  # fmt: skip
        axes.text(1.075, label, name, color=colour, fontsize=FONT, va="center", transform=axes.transAxes)


def spread(wanted: Float[np.ndarray, " label"], gap: float) -> Float[np.ndarray, " label"]:
    """Heights at least `gap` apart, within [0, 1] where they fit, as near as can be to those wanted."""
    order = np.argsort(wanted, kind="stable")
    offsets = gap * np.arange(len(wanted))
    free = isotonic_regression(wanted[order] - offsets).x
    placed = np.empty(len(wanted))
    placed[order] = np.clip(free, 0, max(1 - offsets[-1], 0)) + offsets
    return placed
