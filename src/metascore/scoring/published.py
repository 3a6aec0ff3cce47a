"""Numbers of papers beside ours: published.csv has one row a learner, task and (where a paper has several) steps.

    gap = ours - published, in the unit of the score: accuracy in [0, 1], or mean squared error

The two intervals come from independent experiments, so the gap's reach to either side is the root of the sum of their
squares. Where a paper prints no interval, the gap has ours alone and is too short.
"""

from pathlib import Path

import numpy as np
import pandas as pd

FILE = Path(__file__).with_name("published.csv")
YARDSTICKS = Path(__file__).with_name("yardsticks.csv")  # scores of people and of programs outside this project
KEY = ["learner", "task"]
SHOWN = [
    *["task", "learner", "measure", "test_steps", "score", "score_low", "score_high", "median", "runaway"],
    *["published_steps", "published", "published_reach", "gap", "gap_low", "gap_high", "protocol", "source"],
]


def published_table(score_table: pd.DataFrame) -> pd.DataFrame:
    """The rows of our score table that have a published number, with it, the gap between them and its interval.

    `published_reach` is half of the paper's 95 % interval, `published_steps` its number of adaptation steps (both may
    be missing), `protocol` the differences between its protocol and ours.
    """
    theirs = load().rename(columns={"steps": "published_steps", "score": "published", "reach": "published_reach"})
    table = score_table.merge(theirs, on=KEY, how="inner")
    several = table.duplicated(KEY, keep=False)
    table = table[~several | (table["published_steps"] == table["test_steps"])].reset_index(drop=True)
    return table.assign(**_gaps(table))[SHOWN]


def load() -> pd.DataFrame:
    """Learner, task, steps, score, reach, protocol and source of each published number."""
    return pd.read_csv(FILE, encoding="utf-8", dtype={"steps": "Int64", "score": "float64", "reach": "float64"})


def yardsticks() -> pd.DataFrame:
    """Task, name, score and source of people and of programs outside this project."""
    return pd.read_csv(YARDSTICKS, encoding="utf-8")


def _gaps(table: pd.DataFrame) -> dict[str, pd.Series]:
    reach = table["published_reach"].fillna(0)
    gap = table["score"] - table["published"]
    below = np.hypot(_distance(table["score"], table["score_low"]), reach)
    above = np.hypot(_distance(table["score_high"], table["score"]), reach)
    return {"gap": gap, "gap_low": gap - below, "gap_high": gap + above}


def _distance(high: pd.Series, low: pd.Series) -> pd.Series:
    """Between two ends; infinite where the error is infinite, missing where there is no interval."""
    known = np.isfinite(high) & np.isfinite(low)
    return (high - low).where(known | high.isna() | low.isna(), np.inf)
