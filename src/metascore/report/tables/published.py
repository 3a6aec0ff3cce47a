"""Table `published`: the papers' numbers beside ours."""

import pandas as pd

from metascore.report import table_cells
from metascore.report.documents import Section
from metascore.report.numbers import Numbers

PLACE = 3
CAPTION = "The scores that papers print beside ours: the gap with its 95 % interval, and what the papers did otherwise."
TITLE = "Published and ours"
READING = (
    "Gap: ours less the published number, ± by both intervals, or by ours alone where the paper prints none. Budgets "
    "other than paper train far less than the papers do. The last columns say what else the paper did otherwise."
)


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.published


def sections(numbers: Numbers) -> list[Section]:
    """A section a task."""
    by_task = numbers.published.groupby("task", sort=False)
    return [Section(numbers.titles[str(task)], table_cells.published_cells(rows)) for task, rows in by_task]
