"""Table `scores`: every learner's estimates on every task."""

import pandas as pd

from metascore.report import table_cells
from metascore.report.documents import Section
from metascore.report.numbers import Numbers

PLACE = 1
CAPTION = "Scores and MetaScore of each learner with 95 % intervals, and the best and worst rank that it can have."
TITLE = "Scores"
READING = (
    "± reaches to the farther end of a 95 % interval. It speaks of other seeds and episodes of these test classes; "
    "with one seed, of these trained networks alone, and there are no ranks. The column for new classes is wider: it "
    "speaks of classes that were never drawn. A rank such as 2–4 holds all places that the tests of all pairs leave "
    "possible, at 5 % together (docs/statistics.md). Where a learner was trained on another task, a column names that "
    "one: its training is not a second one. A diverged episode counts as no query right. On waves an "
    "episode counts at least -100, or what chance gets there; chance's own MetaScore is 0 by definition, a ratio of "
    "its error to itself, and has no interval."
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
