"""Axes: what diverged leaves the panel, ticks are plain numbers."""

import numpy as np
from matplotlib.figure import Figure

from metascore.report.scales import error_axis, logarithmic


def axes():
    return Figure().add_subplot()


def test_an_error_axis_ends_twenty_medians_up():
    """Median 1: 1e9 and infinity have diverged."""
    panel = axes()
    error_axis(panel, "y", np.array([0.4, 1.0, 1.0, 1e9, np.inf, np.nan]), np.array([2.0, 1e12]))
    assert panel.get_yscale() == "log" and panel.get_ylim() == (0.2, 20.0)


def test_an_error_axis_without_divergence_ends_above_the_highest_interval():
    panel = axes()
    error_axis(panel, "x", np.array([1.0, 2.0]), np.array([3.0]))
    np.testing.assert_allclose(panel.get_xlim(), (0.5, 3.6))


def test_an_error_axis_of_nothing_finite_is_left_alone():
    panel = axes()
    error_axis(panel, "y", np.array([np.inf]), np.array([np.nan]))
    assert panel.get_yscale() == "linear"


def test_ticks_are_plain_numbers():
    panel = axes()
    logarithmic(panel, "x", 0.9, 30)
    shown = [text.get_text() for text in panel.get_xticklabels() if 0.9 <= text.get_position()[0] <= 30]
    assert shown == ["1", "2", "5", "10", "20"]
