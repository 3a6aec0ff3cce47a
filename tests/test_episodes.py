"""Episode streams: valid, disjoint, reproducible, independent of each other, and with the bits that they always had."""

import dataclasses
import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metascore.data.characters import DRAWERS
from metascore.errors import UserError
from metascore.problems.episode_file import EpisodeFile
from metascore.problems.omniglot import Omniglot
from metascore.problems.sine import Sine

CHARACTERS = list(range(100, 140))
SIZES = st.tuples(st.integers(2, 12), st.integers(1, 10), st.integers(1, 10))
SEEDS = st.integers(0, 2**32 - 1)
FIVE = Omniglot(way=5, shot=1, query=5, num_classes=140)
SINE = Sine(shot=5, query=11)


@given(SIZES, SEEDS, st.booleans())
def test_omniglot_episodes_are_valid(size, seed, rotate):
    way, shot, query = size
    problem = Omniglot(way=way, shot=shot, query=query, num_classes=140)
    rows = problem.draw_among(CHARACTERS, "train", 7, rotate, seed)
    assert rows["character"].shape == rows["rotation"].shape == (7, way)
    assert rows["drawer"].shape == (7, way, shot + query)
    for row in rows:
        assert len(set(row["character"])) == way and set(row["character"]) <= set(CHARACTERS)
        assert all(len(set(drawers)) == shot + query for drawers in row["drawer"])
    assert rows["drawer"].max() < DRAWERS and rows["rotation"].max() <= (3 if rotate else 0)
    assert set(problem.classes_in(rows)) <= set(CHARACTERS)
    problem.check_rows(rows, "culprit")


def test_every_character_rotation_and_drawer_is_as_likely_as_any_other():
    rows = FIVE.draw_among(CHARACTERS, "test", 4000, True, 0)
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
    first, again, other = (FIVE.draw_among(CHARACTERS, "test", 20, True, s) for s in (seed, seed, seed + 1))
    assert first.tobytes() == again.tobytes() != other.tobytes()


@pytest.mark.parametrize(
    "part, change", [("train", {}), ("validation", {}), ("test", {"query": 4}), ("test", {"shot": 2})]
)
def test_streams_are_independent(part, change):
    ours = FIVE.draw_among(CHARACTERS, "test", 500, True, 0)
    theirs = dataclasses.replace(FIVE, **change).draw_among(CHARACTERS, part, 500, True, 0)
    assert (ours["character"] == theirs["character"]).mean() < 3 / len(CHARACTERS)


def test_too_few_characters_is_one_line():
    with pytest.raises(UserError, match="5-way episodes need 5 characters"):
        FIVE.draw_among(CHARACTERS[:4], "test", 1, True, 0)


def test_names_of_files_have_the_count_and_streams_do_not():
    """A budget with more episodes has a file of its own; rows keep the bits that they had before counts were named."""
    assert EpisodeFile(FIVE, "test", 400).name == "omniglot/test-5w1s5q-400.npy"
    assert EpisodeFile(SINE, "train", 20000).name == "sine/train-5s11q-20000.npy"
    assert FIVE.stream("test") == "omniglot/test-5w1s5q.npy" and SINE.stream("train") == "sine/train-5s11q.npy"
    drawings = FIVE.draw_among(CHARACTERS, "test", 50, True, 0)
    waves = Sine(shot=5, query=100).draw("test", 50, {"seed": 0, "grid": True})
    digests = [hashlib.sha256(rows.tobytes()).hexdigest()[:16] for rows in (drawings, waves)]
    assert digests == ["8084c2a74be78229", "61f8677ba4d756cd"]


@given(st.integers(1, 20), st.integers(1, 20), SEEDS, st.booleans())
def test_sine_waves_are_in_their_ranges(shot, query, seed, grid):
    problem = Sine(shot=shot, query=query)
    rows = problem.draw("test", 50, {"seed": seed, "grid": grid})
    assert rows["x"].shape == (50, shot + query) and np.abs(rows["x"]).max() <= 5
    assert rows["amplitude"].min() >= np.float32(0.1) and rows["amplitude"].max() <= 5
    assert rows["phase"].min() >= 0 and rows["phase"].max() <= np.float32(np.pi)
    assert not grid or (rows["x"][:, shot:] == np.linspace(-5, 5, query, dtype=np.float32)).all()
    assert rows.tobytes() == problem.draw("test", 50, {"seed": seed, "grid": grid}).tobytes()
    problem.check_rows(rows, "culprit")


def test_training_places_are_never_on_the_grid():
    on, off = (SINE.draw("train", 9, {"seed": 0, "grid": grid}) for grid in (True, False))
    assert on.tobytes() == off.tobytes()


@pytest.mark.parametrize("field, value", [("character", 140), ("character", -1), ("rotation", 4), ("drawer", 20)])
def test_values_out_of_range_are_found(field, value):
    rows = FIVE.draw_among(CHARACTERS, "test", 3, True, 0)
    rows[field][1] = value
    with pytest.raises(UserError, match="culprit: values out of range"):
        FIVE.check_rows(rows, "culprit")


def test_another_shape_no_rows_and_no_numbers_are_found():
    rows = FIVE.draw_among(CHARACTERS, "test", 3, True, 0)
    waves = SINE.draw("test", 3, {"seed": 0, "grid": True})
    waves["phase"][0] = np.nan
    for wrong, problem in (
        (rows, dataclasses.replace(FIVE, shot=2)),
        (rows[:0], FIVE),
        (waves, SINE),
        (rows[None], FIVE),
    ):
        with pytest.raises(UserError, match="culprit: "):
            problem.check_rows(wrong, "culprit")
