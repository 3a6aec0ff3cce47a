"""Table `scores`: every learner's estimates on every task."""

import pandas as pd

from metascore.report import table_cells
from metascore.report.documents import Section
from metascore.report.numbers import Numbers

PLACE = 1
CAPTION = (
    "Scores and MetaScore of each learner with 95 % intervals over seeds and test episodes; learners that share a "
    "rank cannot be told apart."
)
TITLE = "Scores"
READING = (
    "± reaches to the farther end of a 95 % interval over seeds and test episodes (with one seed: over episodes only). "
    "Learners share a rank when a paired test, with Holm's correction, cannot tell them from the best of that rank."
)


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.scores


def sections(numbers: Numbers) -> list[Section]:
    """A section a task, then the means over tasks."""
    by_task = numbers.scores.groupby("task", sort=False)
    found = [Section(numbers.titles[str(task)], table_cells.score_cells(rows)) for task, rows in by_task]
    several = numbers.overall[numbers.overall["tasks"] > 1]
    if len(several):
        found.append(Section("Mean MetaScore over the tasks of a problem", table_cells.overall_cells(several)))
    return found
