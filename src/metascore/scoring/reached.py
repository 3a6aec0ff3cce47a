"""Seconds of training until validation scores reach a level, and whether all trainings were given as long."""

import pandas as pd

from metascore.problems.scale import Scale

COLUMNS = ["task", "learner", "level", "seconds", "tasks"]
SPREAD = 0.15  # by which the longest training may exceed the shortest, for scores to compare


def reached_table(history: pd.DataFrame, scale: Scale) -> pd.DataFrame:
    """One row a task, learner and level: seconds and tasks at the first validation there, nan where there is none.

    `history` has the learning curves of one task, means over seeds.
    """
    rows = []
    for (task, learner), curve in history.groupby(["task", "learner"], sort=False):
        for level in scale.levels:
            there = curve["validation"] >= level if scale.higher_is_better else curve["validation"] <= level
            first = curve[there][["seconds", "tasks"]].min()  # both only grow
            rows.append({"task": task, "learner": learner, "level": level, **first.to_dict()})
    return pd.DataFrame(rows, columns=COLUMNS)


def unequal_times(scores: pd.DataFrame) -> list[str]:
    """A message for each task whose trainings differ in time by more than SPREAD; `scores` is the table of that name.

    A learner that shares the training of another task has the time of that task and is left out.
    """
    trained = scores[(scores["seconds"] > 0) & (scores["trained_on"] == scores["task"])]
    return [message for _, rows in trained.groupby("task", sort=False) if (message := _unequal(rows))]


def _unequal(rows: pd.DataFrame) -> str:
    ordered = rows.sort_values("seconds").to_dict("records")
    shortest, longest = ordered[0], ordered[-1]
    if longest["seconds"] <= (1 + SPREAD) * shortest["seconds"]:
        return ""
    ends = " to ".join(f"{row['seconds']:.1f} s ({row['learner']})" for row in (shortest, longest))
    return (
        f"Trainings of {longest['task']} took {ends}, more than {SPREAD:.0%} apart: ranks also reflect training time."
    )
