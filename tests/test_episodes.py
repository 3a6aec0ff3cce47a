"""Episode streams: valid, disjoint, reproducible, and independent of each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metascore.data.episodes import DRAWERS, Shape, check_rows, draw_omniglot, draw_sine
from metascore.errors import UserError

CHARACTERS = list(range(100, 140))
SIZES = st.tuples(st.integers(2, 12), st.integers(1, 10), st.integers(1, 10))
SEEDS = st.integers(0, 2**32 - 1)
SHAPE = Shape("omniglot", "test", 5, 1, 5)
SINE = Shape("sine", "test", 1, 5, 11)


@given(SIZES, SEEDS, st.booleans())
def test_omniglot_episodes_are_valid(size, seed, rotate):
    way, shot, query = size
    shape = Shape("omniglot", "train", *size)
    rows = draw_omniglot(shape, CHARACTERS, 7, rotate, seed)
    assert rows["character"].shape == rows["rotation"].shape == (7, way)
    assert rows["drawer"].shape == (7, way, shot + query)
    for row in rows:
        assert len(set(row["character"])) == way and set(row["character"]) <= set(CHARACTERS)
        assert all(len(set(drawers)) == shot + query for drawers in row["drawer"])
    assert rows["drawer"].max() < DRAWERS and rows["rotation"].max() <= (3 if rotate else 0)
    check_rows(rows, shape, characters=140)


def test_every_character_rotation_and_drawer_is_as_likely_as_any_other():
    rows = draw_omniglot(SHAPE, CHARACTERS, 4000, True, 0)
    for values, kinds in (
        (rows["character"], 40),
        (rows["rotation"], 4),
        (rows["drawer"], 20),
        (rows["character"][:, 0], 40),
    ):
        counts = np.unique(values, return_counts=True)[1]
        expected = values.size / kinds
        assert len(counts) == kinds and np.abs(counts - expected).max() < 5 * np.sqrt(expected)


@given(SEEDS)
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(seed):
    first, again, other = (draw_omniglot(SHAPE, CHARACTERS, 20, True, s) for s in (seed, seed, seed + 1))
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize("change", [{"part": "train"}, {"part": "validation"}, {"query": 4}, {"shot": 2}])
def test_streams_are_independent(change):
    other = Shape(**vars(SHAPE) | change)
    ours, theirs = (draw_omniglot(shape, CHARACTERS, 500, True, 0) for shape in (SHAPE, other))
    agree = (ours["character"] == theirs["character"]).mean()
    assert agree < 3 / len(CHARACTERS)


def test_too_few_characters_is_one_line():
    with pytest.raises(UserError, match="5-way episodes need 5 characters"):
        draw_omniglot(SHAPE, CHARACTERS[:4], 1, True, 0)


@given(st.integers(1, 20), st.integers(1, 20), SEEDS, st.booleans())
def test_sine_waves_are_in_their_ranges(shot, query, seed, grid):
    shape = Shape("sine", "test", 1, shot, query)
    rows = draw_sine(shape, 50, grid, seed)
    assert rows["x"].shape == (50, shot + query) and np.abs(rows["x"]).max() <= 5
    assert rows["amplitude"].min() >= np.float32(0.1) and rows["amplitude"].max() <= 5
    assert rows["phase"].min() >= 0 and rows["phase"].max() <= np.float32(np.pi)
    assert not grid or (rows["x"][:, shot:] == np.linspace(-5, 5, query, dtype=np.float32)).all()
    assert rows.tobytes() == draw_sine(shape, 50, grid, seed).tobytes()
    check_rows(rows, shape, characters=0)


@pytest.mark.parametrize(("field", "value"), [("character", 140), ("character", -1), ("rotation", 4), ("drawer", 20)])
def test_values_out_of_range_are_found(field, value):
    rows = draw_omniglot(SHAPE, CHARACTERS, 3, True, 0)
    rows[field][1] = value
    with pytest.raises(UserError, match="out of range"):
        check_rows(rows, SHAPE, characters=140)


def test_another_shape_no_rows_and_no_numbers_are_found():
    rows = draw_omniglot(SHAPE, CHARACTERS, 3, True, 0)
    waves = draw_sine(SINE, 3, True, 0)
    waves["phase"][0] = np.nan
    for wrong, shape in (
        (rows, Shape("omniglot", "test", 5, 2, 5)),
        (rows[:0], SHAPE),
        (waves, SINE),
        (rows[None], SHAPE),
    ):
        with pytest.raises(UserError):
            check_rows(wrong, shape, characters=140)
