"""What all figures share: a learner's style, panels, lines with their bands and labels.

Hue tells families apart, in colours that colour-blind readers can tell too. Within a family, shade, line
style and marker tell learners apart, and every line carries its learner's name.
"""

import io
import re
from dataclasses import dataclass

import matplotlib
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image
from scipy.optimize import isotonic_regression

from metascore.report.scales import FONT

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
WIDTH = 10.0  # inches
LABEL_ROOM = 1.25  # distance between labels, in heights of the font


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


def panels(
    titles: dict[str, str],
    height: float | dict[str, float],
    left: float,
    right: float,
    columns: int = 2,
    below: float = 0.85,
) -> tuple[Figure, dict[str, Axes]]:
    """A figure with a panel a title, by the titles' keys; a panel's margins (inches) leave room for labels.

    `height` is that of all panels, or of each (of a row's panels the highest counts).
    """
    columns = min(columns, len(titles))
    heights = [height if isinstance(height, float | int) else height[key] for key in titles]
    rows = [max(heights[k : k + columns]) for k in range(0, len(heights), columns)]
    head = 0.6  # inches: the key and a title; `below` a panel are its axis labels, and the next title
    total = head + sum(rows) + len(rows) * below - 0.35
    figure = Figure(figsize=(WIDTH, total), dpi=150)
    panel_width = WIDTH / columns - left - right
    places = {}
    for k, (key, title) in enumerate(titles.items()):
        row = k // columns
        top = total - head - sum(rows[:row]) - row * below
        start = (k % columns) * WIDTH / columns + left
        place = (start / WIDTH, (top - heights[k]) / total, panel_width / WIDTH, heights[k] / total)
        places[key] = axes = figure.add_axes(place)
        axes.set_title(title, loc="left", fontsize=FONT + 2)
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


def note(title: str, sentence: str) -> Figure:
    """A figure that says why there is nothing to draw."""
    figure, places = panels({"note": title}, height=0.6, left=0.3, right=0.3)
    places["note"].axis("off")
    places["note"].annotate(sentence, (0.0, 0.5), xycoords="axes fraction", va="center", fontsize=FONT + 1)
    return figure


def curve(axes: Axes, line: pd.DataFrame, x: str, y: str, style: Style, factor: float, band: bool = True) -> None:
    """A line with its band."""
    if band:
        low, high = factor * line[f"{y}_low"], factor * line[f"{y}_high"]
        axes.fill_between(line[x], low, high, color=style.colour, alpha=0.1, lw=0)
    axes.plot(line[x], factor * line[y], style.line, color=style.colour, lw=1.3, marker=style.marker, ms=3)


def interval(axes: Axes, low: float, point: float, high: float, height: float, style: Style) -> None:
    """A point and its interval in a row, with an arrow where the interval goes on beyond the panel."""
    axes.plot([low, high], [height] * 2, color=style.colour, lw=2.5, alpha=0.6)
    axes.plot(point, height, style.marker, color=style.colour, ms=5)
    if high > axes.get_xlim()[1]:
        axes.plot(1, height, ">", color=style.colour, ms=6, transform=axes.get_yaxis_transform(), clip_on=False)


def name_rows(axes: Axes, learners: list[str], names: list[str], drawn: dict[str, Style]) -> None:
    """A row a learner, from the top down, under its name in its colour."""
    axes.set_yticks(np.arange(len(learners))[::-1], names)
    for label, learner in zip(axes.get_yticklabels(), learners, strict=True):
        label.set_color(drawn[learner].colour)
    axes.set_ylim(-0.7, len(learners) - 0.3)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.25)


def label_ends(axes: Axes, lines: pd.DataFrame, x: str, y: str, drawn: dict[str, Style], factor: float) -> None:
    """Each learner's name to the right of the panel, as near to its line's end as the others' names allow.

    An arrow says that a line has left the panel, or all finite numbers.
    """
    ends = lines[np.isfinite(lines[y])].groupby("learner", sort=False).tail(1)
    points = np.column_stack([ends[x], factor * ends[y]])
    places = axes.transAxes.inverted().transform(axes.transData.transform(points))
    height = axes.bbox.height / axes.figure.dpi * 72  # points
    heights = spread(places[:, 1], LABEL_ROOM * FONT / height)
    last = lines.groupby("learner")[x].max()
    for learner, end, (start, level), label in zip(ends["learner"], ends[x], places, heights, strict=True):
        name = f"{learner}{' → ∞' if end < last[learner] else ' ↑' if level > 1 else ''}"
        colour = drawn[learner].colour
        # A learner without training has its only point at iteration 0, which a logarithmic axis hasn't.
        axes.plot(
            [max(start, 0), 1.005, 1.05, 1.065], [min(level, 1)] * 2 + [label] * 2, color=colour, lw=0.5, alpha=0.7,
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


def rendered(figure: Figure, suffix: str) -> bytes:
    """The figure as a file of this format, svg or png; the same figure gives the same bytes."""
    file = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "metascore", "svg.fonttype": "path"}):
        metadata = {"Date": None} if suffix == "svg" else {"Software": None}
        # Labels beside the panels are of any length.
        figure.savefig(file, format=suffix, metadata=metadata, bbox_inches="tight")
    return _concise(file.getvalue()) if suffix == "svg" else _with_palette(file)


def _concise(svg: bytes) -> bytes:
    """The same drawing in fewer bytes.

    Lengths to 0.01 points, where matplotlib writes millionths; numbers below 1 stay, as they may be factors. No
    indentation. A letter's place in its word as `x`, which means what a translation along the line does.
    """
    svg = re.sub(rb"[1-9]\d*\.\d{3,}", lambda found: b"%.2f" % float(found[0]), svg)
    svg = re.sub(rb"\n +", b"\n", svg)
    return re.sub(rb'(<use [^>]*) transform="translate\((-?[\d.]+) 0\)"/>', rb'\1 x="\2"/>', svg)


def _with_palette(png: io.BytesIO) -> bytes:
    """The image in the 256 colours that suit it best: a third of the size, and no eye sees a difference."""
    colours = Image.open(png).convert("RGB")
    few = colours.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "png", optimize=True)
    return file.getvalue()
