"""Synthetic glyphs: characters of our own making, in Omniglot's layout and at its scale.

They stand in where Omniglot can't be had. An alphabet has a style: the number, curvature and directions of a
character's strokes. A character is a few strokes, each a cubic Bezier curve. Each of its 20 drawers has a slant,
width, size, position and pen of their own, and a hand that is never quite steady. Everything follows from one seed.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw

from metascore.data.characters import DRAWERS, SIDE
from metascore.data.omniglot import characters_table
from metascore.randomness import numpy_generator

CANVAS = 4 * SIDE  # pixels a side: drawn large, then reduced, which smooths the edges
SIZES = {  # characters of each alphabet: as many, and as unequal, as Omniglot's
    "background": (20, 29, 26, 41, 40, 24, 46, 14, 26, 34, 33, 22, 26, 43, 24,
                   48, 22, 16, 52, 47, 40, 26, 40, 41, 33, 14, 42, 23, 17, 55),
    "evaluation": (20, 26, 26, 26, 26, 26, 45, 45, 41, 26,
                   47, 40, 30, 45, 46, 28, 23, 25, 42, 26),
}  # fmt: skip
BEZIER = np.array([[1, 0, 0, 0], [-3, 3, 0, 0], [3, -6, 3, 0], [-1, 3, -3, 1]])  # control points to powers of t
POWERS = np.linspace(0, 1, 14)[:, None] ** np.arange(4)  # 14 points along a stroke


@dataclass(frozen=True)
class Style:
    """What the characters of an alphabet have in common; lengths are shares of the canvas, angles radians."""

    fewest: int
    most: int
    length: float
    curvature: float
    directions: Float[np.ndarray, " direction"]


def draw_glyphs(seed: int) -> tuple[UInt8[np.ndarray, "character drawer 28 28"], pd.DataFrame]:
    """Return all images (ink = 255) and the table of characters (index, part, alphabet, character)."""
    images, rows = [], []
    for part, sizes in SIZES.items():
        for number, size in enumerate(sizes, start=1):
            alphabet = f"Glyphs_{part}_{number:02d}"
            images.append(draw_alphabet(seed, alphabet, size))
            rows += [(part, alphabet, f"character{i:02d}") for i in range(1, size + 1)]
    return np.concatenate(images), characters_table(rows)


def draw_alphabet(seed: int, alphabet: str, size: int) -> UInt8[np.ndarray, "character drawer 28 28"]:
    """Return the images of an alphabet's characters: a pure function of its arguments."""
    random = numpy_generator(seed, "glyphs", alphabet)
    style, hands = draw_style(random), draw_hands(random)
    pens = random.uniform(0.75, 1.35, DRAWERS) * CANVAS / SIDE  # about a pixel of the small image
    characters = (_by_hand(draw_character(style, random), hands, random) for _ in range(size))
    return np.stack([_rasterise(drawings, pens) for drawings in characters])


def draw_style(random: np.random.Generator) -> Style:
    """Return the style of a new alphabet."""
    fewest = int(random.integers(1, 4))
    return Style(
        fewest=fewest,
        most=fewest + int(random.integers(1, 3)),
        length=random.uniform(0.35, 0.6),
        curvature=random.uniform(0.05, 0.35),
        directions=random.uniform(0, np.pi, int(random.integers(2, 6))),
    )


def draw_character(style: Style, random: np.random.Generator) -> Float[np.ndarray, "stroke 4 2"]:
    """Return the control points of a new character, centred at 0; each stroke starts near another one."""
    strokes: list[np.ndarray] = []
    for _ in range(int(random.integers(style.fewest, style.most + 1))):
        start = random.choice(strokes[-1]) if strokes else np.zeros(2)
        angle = random.choice(style.directions) + np.pi * random.integers(2) + random.normal(0, 0.15)
        along = np.array([np.cos(angle), np.sin(angle)]) * style.length * random.uniform(0.5, 1.3)
        bend = random.normal(0, style.curvature, (4, 2)) * np.array([[0.3], [1], [1], [0.3]])
        strokes.append(start + random.normal(0, 0.12, 2) + np.linspace(0, 1, 4)[:, None] * along + bend)
    points = np.stack(strokes)  # control points in no particular place or size yet
    low, high = points.min((0, 1)), points.max((0, 1))
    return (points - (low + high) / 2) / max((high - low).max(), 0.3) * 0.72


def draw_hands(random: np.random.Generator) -> Float[np.ndarray, "drawer 2 2"]:
    """Return each drawer's way to write: slant, width and size as one linear map."""
    slant, size = random.normal(0, 0.14, DRAWERS), random.uniform(0.85, 1.1, DRAWERS)
    width = random.uniform(0.8, 1.15, DRAWERS)
    rows = [[size * width, slant], [np.zeros(DRAWERS), size]]
    return np.moveaxis(np.array(rows), -1, 0)


def _by_hand(
    strokes: Float[np.ndarray, "stroke 4 2"],
    hands: Float[np.ndarray, "drawer 2 2"],
    random: np.random.Generator,
) -> Float[np.ndarray, "drawer stroke point 2"]:
    """Return the character as each drawer draws it: points along its strokes, in pixels of the canvas."""
    unsteady = random.normal(0, 0.028, (DRAWERS, *strokes.shape))
    misplaced = random.normal(0, 0.03, (DRAWERS, len(strokes), 1, 2))
    position = random.normal(0, 0.03, (DRAWERS, 1, 1, 2))
    control = np.einsum("dij,skj->dski", hands, strokes) + unsteady + misplaced + position
    return (POWERS @ (BEZIER @ control) + 0.5) * CANVAS


def _rasterise(
    drawings: Float[np.ndarray, "drawer stroke point 2"], pens: Float[np.ndarray, " drawer"]
) -> UInt8[np.ndarray, "drawer 28 28"]:
    points = drawings.round().astype(int).tolist()  # whole pixels: the last bits of a sum can't show
    return np.array([_draw(strokes, round(pen)) for strokes, pen in zip(points, pens, strict=True)])


def _draw(strokes: list[list[list[int]]], width: int) -> np.ndarray:
    """Return one drawing's ink; a stroke, a list of points, has round ends."""
    image = Image.new("L", (CANVAS, CANVAS))
    brush = ImageDraw.Draw(image)
    for stroke in strokes:
        brush.line([(x, y) for x, y in stroke], fill=255, width=width)
        for x, y in (stroke[0], stroke[-1]):
            brush.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return np.asarray(image.reduce(CANVAS // SIDE), dtype=np.uint8)
