"""Whether what was made again is what was recorded: to the bit, or within a tolerance on a machine of another kind.

Imports no torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]
Prints = Mapping[str, Mapping[str, Any]]  # fingerprints, by mark


def of_prints(recorded: Prints, anew: Prints, tolerance: float | None = None) -> str | None:
    """Where fingerprints differ first, in words; None where they agree, and there is at least one."""
    if not anew or recorded.keys() != anew.keys():
        return f"recorded at meta-steps {_listed(recorded)}, made again at {_listed(anew)}"
    for mark in sorted(anew, key=int):
        differing = _differing(recorded[mark], anew[mark], tolerance)
        if differing is not None:
            return f"{differing} after {mark} meta-steps"
    return None


def of_arrays(
    recorded: Mapping[str, np.ndarray], anew: Mapping[str, np.ndarray], tolerance: float | None
) -> str | None:
    """The first name whose arrays differ; None where all made anew agree: what is no longer made, nobody asks for."""
    if anew.keys() - recorded.keys():
        return f"arrays {_listed(recorded)}, not {_listed(anew)}"
    return next((name for name in sorted(anew) if not _same(recorded[name], anew[name], tolerance)), None)


def of_scores(recorded: np.ndarray, anew: np.ndarray, tolerance: float | None) -> str | None:
    """What is to be said of the first rows (episode, step) that were scored again; None where they agree."""
    first = recorded[: len(anew)]
    if tolerance is None:
        rows = np.flatnonzero([one.tobytes() != other.tobytes() for one, other in zip(first, anew, strict=False)])
        if len(first) == len(anew) and not len(rows):
            return None
        return f"score of test episode {rows[0]}" if len(rows) else "number of test episodes"
    return None if _near(_mean(first), _mean(anew), tolerance) else "mean score of test episodes"


def _differing(recorded: Mapping[str, Any], anew: Mapping[str, Any], tolerance: float | None) -> str | None:
    """The first of a mark's facts that differs."""
    names = sorted(recorded.keys() | anew.keys(), reverse=True)  # tensors come first, the cause of all else
    if tolerance is None:
        return next((name for name in names if recorded.get(name) != anew.get(name)), None)
    numbers = [name for name in names if name != "tensors"]
    return next(
        (name for name in numbers if not _near(_mean(recorded.get(name)), _mean(anew.get(name)), tolerance)), None
    )


def _same(recorded: np.ndarray, anew: np.ndarray, tolerance: float | None) -> bool:
    if tolerance is None or not np.issubdtype(anew.dtype, np.number):
        return recorded.dtype == anew.dtype and recorded.shape == anew.shape and recorded.tobytes() == anew.tobytes()
    return recorded.shape == anew.shape and (not anew.size or _near(_mean(recorded), _mean(anew), tolerance))


def _mean(value: float | Sequence[float | None] | np.ndarray | None) -> float:
    """Of numbers that are finite; NaN where there is none."""
    numbers = np.array(
        [math.nan if one is None else one for one in np.ravel(np.array(value, dtype=object))], dtype=float
    )
    finite = numbers[np.isfinite(numbers)]
    return float(finite.mean()) if len(finite) else math.nan


def _near(one: float, other: float, tolerance: float) -> bool:
    both = math.isnan(one) and math.isnan(other)
    return both or abs(one - other) <= tolerance * max(abs(one), abs(other), tolerance)


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(names) or "none"
