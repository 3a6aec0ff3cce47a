"""The change of a learner's MetaScore between two sets of runs, with an interval and a verdict.

Where both sets have the same seeds and test episodes, changes are paired by seed and episode. Elsewhere the change is
the difference of two independent means, and its interval is wider.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from metascore.scoring import scores
from metascore.scoring.comparisons import ALPHA, holm
from metascore.scoring.intervals import Error, reach, slope, tail
from metascore.scoring.variances import FEWEST, Prior, mean_error, model, paired_error

Areas = Float[np.ndarray, "seed episode"]
OtherAreas = Float[np.ndarray, "other_seed other_episode"]

RESOLUTION = 4  # decimals of a MetaScore: scores are float32, and smaller changes are rounding


@dataclass(frozen=True)
class Versions:
    """One learner's scores on a task, now and before: `(seed, episode, step)`."""

    task: str
    learner: str
    now: Float[np.ndarray, "seed episode step"]
    measure: scores.Measure  # of the scores now
    before: Float[np.ndarray, "other_seed other_episode step"]
    measure_before: scores.Measure
    paired: bool


def change_table(versions: list[Versions]) -> pd.DataFrame:
    """One row a task and learner. The verdict is by a test at 5 % over all rows together (Holm 1979).

    `before`, `now` and `change` are MetaScores, `low` and `high` the ends of the change's own 95 % interval;
    `score_before` and `score_now` are raw scores after the last step, in the unit of the task. With one seed the
    interval holds for the trained networks, and there is no verdict; with one episode there is neither.
    """
    tasks = dict.fromkeys(one.task for one in versions)
    rows = [row for task in tasks for row in _rows([one for one in versions if one.task == task])]
    tested = [place for place, row in enumerate(rows) if not np.isnan(row["p"])]
    for place, p in zip(tested, holm(np.array([rows[place]["p"] for place in tested])), strict=True):
        rows[place]["p"] = p
    return pd.DataFrame(rows).assign(verdict=[_verdict(row) for row in rows])


def _rows(versions: list[Versions]) -> list[dict[str, Any]]:
    """The rows of one task, whose learners share an estimate of variances."""
    now = np.stack([_areas(one.now, one.measure) for one in versions])
    slopes = slope(now.mean(axis=(1, 2)), *versions[0].measure.possible)
    if now.shape[2] < FEWEST:
        return [_row(one, areas, None) for one, areas in zip(versions, now, strict=True)]
    lent = model(now, slopes).prior
    return [_row(one, areas, lent) for one, areas in zip(versions, now, strict=True)]


def _row(one: Versions, now: Areas, lent: Prior | None) -> dict[str, Any]:
    before = _areas(one.before, one.measure_before)
    change = float(np.round(100 * (now.mean() - before.mean()), RESOLUTION))
    p, far = np.nan, np.nan
    if lent is not None and before.shape[1] >= FEWEST:
        error = _error(one, now, before, lent)
        far = 100 * float(reach(error)[0])
        if min(len(now), len(before)) >= FEWEST:
            p = float(tail(np.array([abs(change) / 100]), error)[0])
    return {
        "task": one.task,
        "learner": one.learner,
        "before": 100 * before.mean(),
        "now": 100 * now.mean(),
        "change": change,
        "low": change - far,
        "high": change + far,
        "score_before": _last(one.before, one.measure_before),
        "score_now": _last(one.now, one.measure),
        "paired": one.paired,
        "seeds": min(len(now), len(before)),
        "p": p,
    }


def _error(one: Versions, now: Areas, before: OtherAreas, lent: Prior) -> Error:
    """The error of the change: of paired differences, or of two independent means."""
    models = [
        model(areas[None], slope(areas.mean()[None], *measure.possible), lent)
        for areas, measure in ((now, one.measure), (before, one.measure_before))
    ]
    if one.paired:
        noise = sum(float(version.sample.noise[0]) for version in models)
        expected = sum(float(version.expected[0]) for version in models)
        return paired_error(now - before, expected / noise if noise else 1.0, lent)
    first, second = map(mean_error, models)
    return Error(
        first.seeds,
        first.freedom,
        second.seeds,
        second.freedom,
        first.episodes + second.episodes,
        min(first.episode_freedom, second.episode_freedom),
    )


def _areas(values: Float[np.ndarray, "seed episode step"], measure: scores.Measure) -> Areas:
    return scores.episode_areas(measure.relative(measure.normalise(values)))


def _last(values: Float[np.ndarray, "seed episode step"], measure: scores.Measure) -> float:
    """Curves stay flat after a learner's own test steps, so the last step has the score that papers print."""
    return float(scores.count_diverged(values[..., -1], measure).mean())


def _verdict(row: dict[str, Any]) -> str:
    if np.isnan(row["p"]):
        return "one seed: no verdict" if row["seeds"] < FEWEST else "one episode: no verdict"
    if row["p"] > ALPHA:
        return "no evidence"
    return "better" if row["change"] > 0 else "worse"
