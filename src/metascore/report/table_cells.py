"""Tables as people read them: text under headings that name the unit, estimates as point ± reach."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from metascore import problems

MAIN = ["rank", "learner", "family", "score", "metascore", "seconds", "batch_norm", "trained_on"]
AXES = ["learner", "gradient_order", "train_steps", "test_steps", "updates", "examples", "parameters", "tasks_seen"]
PUBLISHED = ["learner", "score", "published", "gap", "test_steps", "published_steps", "protocol", "source"]
CHANGES = ["learner", "before", "now", "change", "low", "high", "score_before", "score_now", "paired", "verdict"]
HEADINGS = {  # of columns whose names are no headings
    "metascore": "MetaScore",
    "updates": "updates a step",
    "examples": "examples a step",
    "protocol": "published protocol",
    "low": "from",
    "high": "to",
}
PRIORS = {
    "distance_to_mean": "distance to the mean function",
    "moved_1": "moved in 1 step",
    "moved_5": "in 5 steps",
    "moved_10": "in 10 steps",
}
MISSING = "–"
ROUNDING = 1e-9


def score_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """The main table of one task: eight columns at most."""
    unit, *_ = _unit(rows)
    cells = _texts(rows, MAIN)
    cells["rank"] = [rank_text(*ends) for ends in zip(rows["rank_low"], rows["rank_high"], strict=True)]
    cells["score"] = _scores(rows)
    cells["metascore"] = _plus_minus(rows, "metascore", 1.0, 1)
    cells["seconds"] = rows["seconds"].map("{:.1f}".format)
    if (cells["trained_on"] == rows["task"]).all():
        cells["trained_on"] = ""
    empty = [name for name in ("rank", "trained_on") if (cells[name] == "").all()]
    return _headed(cells.drop(columns=empty), score=unit)


def axis_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """What each learner of a task declares, its size, and the number of its training tasks."""
    return _headed(_texts(rows, AXES))


def rank_text(low: Any, high: Any) -> str:
    """A rank that is certain, or the best and the worst that it can be; empty where there is none."""
    if pd.isna(low) or pd.isna(high):
        return ""
    return f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"


def overall_cells(overall: pd.DataFrame) -> pd.DataFrame:
    """The mean MetaScores over the tasks of each problem."""
    cells = overall[["problem", "tasks", "learner"]].astype(str)
    return cells.assign(MetaScore=_plus_minus(overall, "metascore", 1.0, 1))


def published_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """The published numbers of one task beside ours; a paper that prints no interval has none here."""
    unit, factor, digits = _unit(rows)
    cells = _texts(rows, PUBLISHED)
    cells["score"] = _scores(rows)
    cells["gap"] = _plus_minus(rows, "gap", factor, digits)
    cells.loc[_run_away(rows), "gap"] = MISSING
    reach = rows["published_reach"].map(lambda width: "" if np.isnan(width) else f" ± {factor * width:.{digits}f}")
    cells["published"] = rows["published"].map(lambda point: f"{factor * point:.{digits}f}") + reach
    cells["published_steps"] = [MISSING if pd.isna(steps) else str(steps) for steps in rows["published_steps"]]
    return _headed(cells, score=unit)


def prior_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """Distances of one task's learners before and during adaptation: mean over seeds, and their range."""
    seeds = rows.groupby("learner", sort=False)[list(PRIORS)]
    mean, low, high = (getattr(seeds, end)() for end in ("mean", "min", "max"))
    cells = {
        heading: [f"{m:.3g} ({a:.3g}–{b:.3g})" for m, a, b in zip(mean[name], low[name], high[name], strict=True)]
        for name, heading in PRIORS.items()
    }
    return pd.DataFrame({"learner": mean.index, **cells})


def reached_cells(reached: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """The seconds of training that the trained learners of one task need for each level, the fastest first."""
    scale, seconds = problems.scale(scores["measure"].iloc[0]), reached.set_index(["learner", "level"])["seconds"]
    trained = scores[scores["learner"].isin(reached["learner"]) & (scores["seconds"] > 0)].to_dict("records")
    known = seconds.fillna(np.inf)
    rows = [
        {"learner": row["learner"]}
        | {f"{scale.factor * level:g}{scale.unit}": _reached(seconds[row["learner"], level]) for level in scale.levels}
        | {"in all": f"{row['seconds']:.1f} s", "tasks seen": f"{row['tasks_seen']:.0f}"}
        for row in sorted(trained, key=lambda row: [known[row["learner"], level] for level in scale.levels])
    ]
    return pd.DataFrame(rows)


def change_cells(rows: pd.DataFrame) -> pd.DataFrame:
    """The changes of one task; scores in their own unit."""
    cells = _texts(rows, CHANGES)
    for name in ("before", "now", "change", "low", "high"):
        cells[name] = rows[name].map("{:z.2f}".format)
    for name in ("score_before", "score_now"):
        cells[name] = rows[name].map("{:.4f}".format)
    cells["paired"] = rows["paired"].map({True: "yes", False: "no"})
    return _headed(cells)


def varies(low: float, high: float) -> bool:
    """Whether an interval has a width: False without ends, and where only rounding keeps them apart."""
    return bool(high - low > ROUNDING)


def ends(row: Mapping[Any, Any], name: str, factor: float, digits: int) -> str:
    """A point with both ends of its interval, if it has a width."""
    point, low, high = (f"{factor * row[key]:z.{digits}f}" for key in (name, f"{name}_low", f"{name}_high"))
    return f"{point} [{low}, {high}]" if varies(row[f"{name}_low"], row[f"{name}_high"]) else point


def _texts(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return pd.DataFrame({name: rows[name].astype(str) if name in rows else "" for name in names})


def _headed(cells: pd.DataFrame, **headings: str) -> pd.DataFrame:
    return cells.rename(columns=lambda name: (HEADINGS | headings).get(name, name.replace("_", " ")))


def _reached(seconds: float) -> str:
    return "not reached" if np.isnan(seconds) else f"{seconds:.1f} s"


def _unit(rows: pd.DataFrame) -> tuple[str, float, int]:
    """Heading, factor and decimals of the scores of one task."""
    scale = problems.scale(rows["measure"].iloc[0])
    return scale.label, scale.factor, scale.digits


def _scores(rows: pd.DataFrame) -> list[str]:
    """The scores of one task; where diverged episodes decide the mean, the median and the share of these."""
    _, factor, digits = _unit(rows)
    typical = [
        f"median {factor * median:.{digits}f}, {share:.1%} diverged"
        for median, share in rows[["median", "runaway"]].to_numpy(dtype=float)
    ]
    return list(np.where(_run_away(rows), typical, _plus_minus(rows, "score", factor, digits)))


def _run_away(rows: pd.DataFrame) -> pd.Series:
    """Whether a few diverged episodes decide a mean error: it is infinite, or its interval reaches to 0."""
    return (rows["measure"] == "error") & (np.isinf(rows["score"]) | (rows["score_high"] > 2 * rows["score"]))


def _plus_minus(rows: pd.DataFrame, name: str, factor: float, digits: int) -> list[str]:
    """Point ± the distance to the farther end of its interval; the CSV file has both ends."""
    with np.errstate(invalid="ignore"):  # an infinite error has no distance to its ends
        reach = np.maximum(rows[f"{name}_high"] - rows[name], rows[name] - rows[f"{name}_low"])
    return [_estimate(factor * point, factor * width, digits) for point, width in zip(rows[name], reach, strict=True)]


def _estimate(point: float, reach: float, digits: int) -> str:
    """Without a reach where there is none: of a single test episode, or where nothing varies, as of chance."""
    if np.isnan(point):
        return MISSING
    if np.isfinite(point) and not varies(point, point + reach):
        return f"{point:z.{digits}f}"
    return f"{point:z.{digits}f} ± {reach:.{digits}f}" if np.isfinite(reach) else "diverged"
