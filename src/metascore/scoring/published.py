"""Published numbers beside ours: published.csv, one row a learner, task and (where a paper has several) steps.

    gap = ours - published, in the unit of the score: accuracy in [0, 1], or mean squared error

Our interval and the paper's are of independent experiments: the gap's reach is the root of the sum of their squares
on each side. A paper that prints no interval adds nothing, so the gap's interval is then too short.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from metascore import problems
from metascore.errors import UserError
from metascore.problems.scale import ERROR

FILE = Path(__file__).with_name("published.csv")
YARDSTICKS = Path(__file__).with_name("yardsticks.csv")  # scores on a task of who is no learner here, such as people
KEY = ["learner", "task"]
TEXTS = [*KEY, "protocol", "source"]
COLUMNS = ["learner", "task", "steps", "score", "reach", "protocol", "source"]
SHOWN = [
    *["task", "learner", "measure", "test_steps", "score", "score_low", "score_high", "median", "runaway"],
    *["published_steps", "published", "published_reach", "gap", "gap_low", "gap_high", "protocol", "source"],
]


def published_table(score_table: pd.DataFrame) -> pd.DataFrame:
    """The rows of our score table that have a published number, with it, the gap between them and its interval.

    `published_reach` is half of the paper's 95 % interval, `published_steps` its number of adaptation steps (both may
    be missing), `protocol` what was done otherwise than here.
    """
    theirs = load().rename(columns={"steps": "published_steps", "score": "published", "reach": "published_reach"})
    table = score_table.merge(theirs, on=KEY, how="inner")
    several = table.duplicated(KEY, keep=False)
    table = table[~several | (table["published_steps"] == table["test_steps"])].reset_index(drop=True)
    return table.assign(**_gaps(table))[SHOWN]


def _gaps(table: pd.DataFrame) -> dict[str, pd.Series]:
    reach = table["published_reach"].fillna(0)
    gap = table["score"] - table["published"]
    below = np.hypot(_distance(table["score"], table["score_low"]), reach)
    above = np.hypot(_distance(table["score_high"], table["score"]), reach)
    return {"gap": gap, "gap_low": gap - below, "gap_high": gap + above}


def _distance(high: pd.Series, low: pd.Series) -> pd.Series:
    """Between two ends; an infinite error is not known better than infinitely badly."""
    known = np.isfinite(high) & np.isfinite(low)
    return (high - low).where(known | high.isna() | low.isna(), np.inf)


def load(path: Path = FILE) -> pd.DataFrame:
    """The published numbers. Raises UserError where the file is missing, malformed or says something impossible."""
    try:
        table = pd.read_csv(path, encoding="utf-8", dtype={"steps": "Int64", "score": "float64", "reach": "float64"})
    except (OSError, TypeError, ValueError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}: check the package's files out again") from error
    if list(table.columns) != COLUMNS:
        raise UserError(f"{path}: its columns are not {','.join(COLUMNS)}: correct its first line")
    for wrong, complaint in _complaints(table):
        if wrong.any():
            raise UserError(f"{path}: line {int(wrong.to_numpy().argmax()) + 2}: {complaint}")
    return table


def yardsticks() -> pd.DataFrame:
    """Task, name, score and source of who is no learner here."""
    return pd.read_csv(YARDSTICKS, encoding="utf-8")


def _complaints(table: pd.DataFrame) -> list[tuple[pd.Series, str]]:
    """Which rows are wrong, and in what way."""
    impossible = [not _possible(str(task), score) for task, score in table[["task", "score"]].to_numpy()]
    return [
        (table[TEXTS].isna().any(axis=1), f"one of {', '.join(TEXTS)} is empty: give it"),
        (
            pd.Series(impossible, dtype=bool),
            "no possible score: give an accuracy in [0, 1], an error or a return",
        ),
        (table["reach"] < 0, "a negative reach: give half of the interval's width, or nothing"),
        (table.duplicated([*KEY, "steps"]), "the same learner, task and steps once more: keep one"),
    ]


def _possible(task: str, score: float) -> bool:
    """Whether a task can have such a score; its name begins with that of its problem."""
    name = task.partition("_")[0]
    scale = problems.find(name).scale if name in problems.known() else ERROR
    return bool(np.isfinite(score)) and scale.lowest <= score <= scale.highest
