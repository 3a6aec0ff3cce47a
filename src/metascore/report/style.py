"""What all figures share: matplotlib's settings, a learner's colour and mark, one panel, lines, labels, the file.

The colour tells the family, the mark tells the learner, and a learner's name stands beside its mark. Both are the same
in every figure of every budget.
"""

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from PIL import Image
from scipy.optimize import isotonic_regression

from metascore.report import fonts
from metascore.report.scales import FONT

# Distinct for readers with normal, deuteranopic, protanopic and tritanopic vision (CIE76 distance of at least 18 each).
COLOURS = {
    "metric": "#1f78d1",
    "model": "#cc7a00",
    "optimisation": "#b01657",
    "baseline": "#4fa89c",
    "control": "#222222",
}
OTHER_COLOUR = "#7a6a00"
MARKS = [*"os^vD<>PXp*hd", (4, 1, 0)]  # the last is a star with four points
LINES = ["-", "--", "-.", ":"]
WIDTH = 5.2  # inches of a figure with one panel: its letters are readable in a window of 420 pixels
HEAD, FOOT = 0.45, 0.5  # inches above and below a panel
LABEL_ROOM = 1.25  # distance between labels, in heights of the font
SETTINGS: Any = {"text.parse_math": False, "svg.hashsalt": "metascore", "svg.fonttype": "path"}


@contextmanager
def settings() -> Iterator[None]:
    """Draw with matplotlib's own defaults and SETTINGS, independent of the user's matplotlibrc."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS)
        yield


@dataclass(frozen=True)
class Style:
    """How one learner is drawn."""

    colour: str
    line: str
    mark: str | tuple[int, int, int]


def styles(families: dict[str, str], entries: Sequence[str] = ()) -> dict[str, Style]:
    """The style of each learner of `families`.

    The mark is that of the learner's place in `entries`, all learners of params.yaml: no budget changes it.
    """
    places = {learner: place for place, learner in enumerate(dict.fromkeys([*entries, *sorted(families)]))}
    return {
        learner: Style(
            COLOURS.get(family, OTHER_COLOUR), LINES[places[learner] % len(LINES)], MARKS[places[learner] % len(MARKS)]
        )
        for learner, family in families.items()
    }


def panel(title: str, height: float, left: float, right: float) -> tuple[Figure, Axes]:
    """A figure with one panel of this height; the margins `left` and `right` (inches) leave room for labels."""
    total = HEAD + height + FOOT
    figure = Figure(figsize=(WIDTH, total), dpi=200)
    place = left / WIDTH, FOOT / total, 1 - (left + right) / WIDTH, height / total
    axes = figure.add_axes(place)
    axes.set_title(title, loc="left", x=-left / (WIDTH - left - right), fontsize=FONT + 1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=FONT)
    return figure, axes


def family_key(figure: Figure, families: Sequence[str]) -> None:
    """The name of each family in its colour, in one line at the top."""
    present = [family for family in COLOURS if family in families] + sorted(set(families) - set(COLOURS))
    colours = [COLOURS.get(family, OTHER_COLOUR) for family in present]
    marks = [
        Line2D([], [], color=colour, marker="o", ls="", label=name)
        for colour, name in zip(colours, present, strict=True)
    ]
    figure.legend(
        handles=marks, ncols=len(marks), loc="upper left", frameon=False, labelcolor="linecolor",
        fontsize=FONT, handletextpad=0.0, columnspacing=1.0, borderaxespad=0.1,
    )  # fmt: skip


def note(title: str, sentence: str) -> Figure:
    """A figure with a sentence in place of data."""
    figure, axes = panel(title, height=0.4, left=0.1, right=0.1)
    axes.axis("off")
    axes.annotate(sentence, (0.0, 0.5), xycoords="axes fraction", va="center", fontsize=FONT)
    return figure


def curve(axes: Axes, line: pd.DataFrame, x: str, y: str, style: Style, factor: float) -> None:
    """A learner's line with its band."""
    low, high = factor * line[f"{y}_low"], factor * line[f"{y}_high"]
    axes.fill_between(line[x], low, high, color=style.colour, alpha=0.08, lw=0)
    axes.plot(line[x], factor * line[y], style.line, color=style.colour, lw=1.2, marker=style.mark, ms=4)


def interval(axes: Axes, low: float, point: float, high: float, height: float, style: Style) -> None:
    """A point and its interval in a row, with an arrow where the interval leaves the panel."""
    axes.plot([low, high], [height] * 2, color=style.colour, lw=2.5, alpha=0.5)
    axes.plot(point, height, marker=style.mark, color=style.colour, ms=5)
    if high > axes.get_xlim()[1]:
        axes.plot(1, height, ">", color=style.colour, ms=6, transform=axes.get_yaxis_transform(), clip_on=False)


def name_rows(axes: Axes, names: dict[str, str], drawn: dict[str, Style]) -> None:
    """A row a learner, from the top down, with its name in its colour; `names` are texts by learner."""
    axes.set_yticks(np.arange(len(names))[::-1], list(names.values()))
    for label, learner in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(drawn[learner].colour)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.25)


def label_ends(axes: Axes, lines: pd.DataFrame, x: str, y: str, drawn: dict[str, Style], factor: float) -> None:
    """Each learner's name at the right of the panel, as near to the end of its line as other names allow.

    An arrow marks a line that leaves the panel or becomes infinite.
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
        axes.plot(
            [start, 1.01, 1.06, 1.07], [min(level, 1)] * 2 + [label] * 2, color=colour, lw=0.5, alpha=0.7,
            transform=axes.transAxes, clip_on=False,
        )  # fmt: skip
        axes.plot(1.09, label, marker=drawn[learner].mark, color=colour, ms=4, transform=axes.transAxes, clip_on=False)
        axes.text(1.115, label, name, color=colour, fontsize=FONT, va="center", transform=axes.transAxes)


def spread(wanted: Float[np.ndarray, " label"], gap: float) -> Float[np.ndarray, " label"]:
    """Heights at least `gap` apart, within [0, 1] where they fit, as near as possible to those wanted."""
    order = np.argsort(wanted, kind="stable")
    offsets = gap * np.arange(len(wanted))
    free = isotonic_regression(wanted[order] - offsets).x
    placed = np.empty(len(wanted))
    placed[order] = np.clip(free, 0, max(1 - offsets[-1], 0)) + offsets
    return placed


def rendered(figure: Figure, suffix: str) -> bytes:
    """The figure as a file of this format, svg or png; the same figure gives the same bytes."""
    fonts.complete(figure)
    file = io.BytesIO()
    with settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # `fonts` has named them in one line
        metadata = {"Date": None} if suffix == "svg" else {"Software": None}
        figure.savefig(file, format=suffix, metadata=metadata, bbox_inches="tight")
    return _concise(file.getvalue()) if suffix == "svg" else _with_palette(file)


def _concise(svg: bytes) -> bytes:
    """The same drawing in fewer bytes: lengths above 1 to 0.01 points, no indentation."""
    svg = re.sub(rb"[1-9]\d*\.\d{3,}", lambda found: b"%.2f" % float(found[0]), svg)
    return re.sub(rb"\n +", b"\n", svg)


def _with_palette(png: io.BytesIO) -> bytes:
    """The image in its 256 most suitable colours: a third of the size without a visible difference."""
    colours = Image.open(png).convert("RGB")
    few = colours.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "png", optimize=True)
    return file.getvalue()
