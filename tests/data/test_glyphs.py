"""Glyphs: as many as Omniglot's characters, always the same ones, neither trivial nor hopeless."""

import numpy as np
import pandas as pd
import pytest

from metascore.data.glyphs import SIZES, draw_alphabet, draw_glyphs


@pytest.fixture(scope="module")
def glyphs() -> tuple[np.ndarray, pd.DataFrame]:
    return draw_glyphs(0)


def nearest_neighbour(images: np.ndarray, episodes: int, way: int = 5) -> float:
    """Accuracy of the nearest support image by Euclidean distance of pixels, one image a class."""
    random = np.random.default_rng(0)
    hits = 0.0
    for _ in range(episodes):
        characters = random.choice(len(images), way, replace=False)
        drawers = np.array([random.choice(images.shape[1], 2, replace=False) for _ in characters])
        support, query = (images[characters, drawers[:, i]].reshape(way, -1).astype(float) for i in (0, 1))
        distances = ((query[:, None] - support[None]) ** 2).sum(-1)
        hits += (distances.argmin(1) == np.arange(way)).mean()
    return hits / episodes


def test_layout_and_scale_are_omniglots(glyphs: tuple[np.ndarray, pd.DataFrame]) -> None:
    images, table = glyphs
    assert images.shape == (1623, 20, 28, 28) and images.dtype == np.uint8
    assert len(table) == 1623 and list(table.columns) == ["part", "alphabet", "character"]
    assert table.groupby("part")["alphabet"].nunique().to_dict() == {"background": 30, "evaluation": 20}
    assert table["part"].value_counts().to_dict() == {"background": 964, "evaluation": 659}
    assert not table.duplicated(["alphabet", "character"]).any()


def test_every_drawing_has_ink_and_paper(glyphs: tuple[np.ndarray, pd.DataFrame]) -> None:
    images, _ = glyphs
    ink = (images > 127).mean((2, 3))
    assert ink.min() > 0 and ink.max() < 0.4
    assert images.max() == 255 and len(np.unique(images)) > 10  # antialiased


def test_nearest_neighbour_on_pixels_is_no_match_and_no_chance(
    glyphs: tuple[np.ndarray, pd.DataFrame],
) -> None:
    assert 0.4 < nearest_neighbour(glyphs[0], 1000) < 0.7  # the bounds are 30 and 80 %


def test_drawings_follow_from_the_seed(glyphs: tuple[np.ndarray, pd.DataFrame]) -> None:
    images, _ = glyphs
    size = SIZES["background"][0]
    again = draw_alphabet(0, "Glyphs_background_01", size)
    assert np.array_equal(images[:size], again)
    assert not np.array_equal(again, draw_alphabet(1, "Glyphs_background_01", size))


def test_drawers_and_characters_differ(glyphs: tuple[np.ndarray, pd.DataFrame]) -> None:
    images = glyphs[0].reshape(-1, 28 * 28)
    assert len({image.tobytes() for image in images}) > 0.999 * len(images)
