"""What moved between two sets of runs of the same learner: the change of its MetaScore, an interval, a verdict.

Where both sets have the same seeds and were judged on the same episodes, the change is that of each seed and episode
(paired); elsewhere it is the difference of two independent means, and less is seen.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from metascore.scoring import scores
from metascore.scoring.comparisons import ALPHA, RESAMPLES, holm_corrected, two_sided
from metascore.scoring.intervals import percentile_interval, resample_means

RESOLUTION = 4  # decimals of a MetaScore: scores are float32, and what rounding leaves is no change


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


def change_table(versions: list[Versions], generator: np.random.Generator) -> pd.DataFrame:
    """One row a task and learner. The verdict is by a test at 5 % over all rows together (Holm 1979).

    `before`, `now` and `change` are MetaScores, `low` and `high` the ends of the change's own 95 % interval;
    `score_before` and `score_now` are raw scores after the last step, in the unit of the task.
    """
    rows = [_row(one, generator) for one in versions]
    p_values = holm_corrected(np.array([row["p"] for row in rows]))
    table = pd.DataFrame(rows).assign(p=p_values)
    return table.assign(verdict=[_verdict(row["change"], p) for row, p in zip(rows, p_values, strict=True)])


def _row(one: Versions, generator: np.random.Generator) -> dict:
    measured = ((one.now, one.measure), (one.before, one.measure_before))
    now, before = (100 * scores.episode_areas(measure.normalise(values)) for values, measure in measured)
    draws = _draws(now, before, one.paired, generator)
    point = np.array([now.mean() - before.mean()]).round(RESOLUTION)
    change, low, high = percentile_interval(point, draws)
    return {
        "task": one.task,
        "learner": one.learner,
        "before": before.mean(),
        "now": now.mean(),
        "change": change[0],
        "low": low[0],
        "high": high[0],
        "score_before": _last(one.before, one.measure_before),
        "score_now": _last(one.now, one.measure),
        "paired": one.paired,
        "p": two_sided(draws)[0],
    }


def _draws(
    now: Float[np.ndarray, "seed episode"],
    before: Float[np.ndarray, "other_seed other_episode"],
    paired: bool,
    generator: np.random.Generator,
) -> Float[np.ndarray, "resample 1"]:
    if paired:
        return resample_means((now - before)[..., None], generator, RESAMPLES).round(RESOLUTION)
    first, second = (resample_means(values[..., None], generator, RESAMPLES) for values in (now, before))
    return (first - second).round(RESOLUTION)


def _last(values: Float[np.ndarray, "seed episode step"], measure: scores.Measure) -> float:
    """Curves stay flat after a learner's own test steps, so the last step has the score that papers print."""
    return float(scores.count_diverged(values[..., -1], measure).mean())


def _verdict(change: float, p: float) -> str:
    if p > ALPHA:
        return "no evidence"
    return "better" if change > 0 else "worse"
