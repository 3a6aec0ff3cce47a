"""MetaScore on real sine episodes: who knows the wave gets 100, who sees no support set gets 0."""

import numpy as np
import pytest
import torch

from metascore.learners.chance import Chance
from metascore.problems.scale import ERROR
from metascore.problems.sine import AMPLITUDE, PHASE, Sine, X
from metascore.scoring import scores
from metascore.training.evaluation import adaptation_curve, measured

SINE = Sine(shot=5, query=100)
ROWS = SINE.draw("test", 400, {"seed": 0, "grid": True})


class Knowing(Chance):
    """Has read the episode file."""

    def adapt(self, params, support, steps):
        yield from [support] * (steps + 1)

    def predict(self, adapted, x):
        """Amplitude and phase from the support points: a sin x + b cos x, by least squares."""
        basis = torch.cat([adapted.x.sin(), adapted.x.cos()], 1)
        return torch.cat([x.sin(), x.cos()], 1) @ torch.linalg.lstsq(basis, adapted.y).solution


def curves(kind):
    return measured(adaptation_curve, kind(SINE), {}, SINE.episodes(ROWS, torch.device("cpu")), 50)[None]


def test_perfect_is_100_and_blind_is_0():
    measure = scores.measured_chance(ERROR, 0.0, curves(Chance))
    assert scores.metascore(measure.normalise(curves(Chance))) == pytest.approx(0, abs=1e-9)
    assert scores.metascore(measure.normalise(curves(Knowing))) == pytest.approx(100, abs=1e-2)


def test_chance_has_the_error_of_its_closed_form():
    """Var y = E[A^2]/2 - (E[A] 2/pi)^2 E[cos^2 x], and the grid is even: within 5 standard errors."""
    low, high = AMPLITUDE
    grid = np.linspace(*X, SINE.query)
    wave = (high**3 - low**3) / (high - low) / 3 / 2
    mean = ((low + high) / 2 * 2 / np.pi) ** 2 * np.mean(np.cos(grid) ** 2)
    errors = curves(Chance)[0, :, 0]
    assert abs(errors.mean() - (wave - mean)) < 5 * errors.std() / np.sqrt(len(errors))


def test_files_hold_the_ranges_of_the_paper():
    """Finn et al. 2017, section 5.1."""
    assert ((0.1, 5.0), (0.0, np.pi), (-5.0, 5.0)) == (AMPLITUDE, PHASE, X)
    for name, (low, high) in {"amplitude": AMPLITUDE, "phase": PHASE}.items():
        values = ROWS[name]
        assert low <= values.min() < low + 0.05 * (high - low) and high - 0.05 * (high - low) < values.max() <= high
    support, query = np.split(ROWS["x"], [SINE.shot], axis=1)
    assert -5 <= support.min() < -4.9 and 4.9 < support.max() <= 5
    np.testing.assert_allclose(query, np.tile(np.linspace(-5, 5, 100), (400, 1)), atol=1e-6)
