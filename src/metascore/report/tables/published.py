"""Table `published`: the papers' numbers beside ours."""

import pandas as pd

from metascore.report import table_cells
from metascore.report.documents import Paper, Section
from metascore.report.numbers import Numbers

PLACE = 3
CAPTION = (
    "The scores that papers print beside ours: the gap with its 95 % interval, and the differences of their protocols."
)
TITLE = "Published and ours"
PAPER = True
READING = (
    "Gap: our score minus the published one, ± the root of the sum of both intervals' squares, or our interval where "
    "the paper prints none. Budgets other than `paper` train for less time than the papers. The last columns name what "
    "else the paper did differently."
)


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.published


def sections(numbers: Numbers) -> list[Section]:
    """A section a task, our best score first."""
    return [_section(numbers, task) for task in numbers.titles if len(numbers.published_of(task))]


def _section(numbers: Numbers, task: str) -> Section:
    label, title = numbers.scale(task).label, numbers.titles[task]
    caption = f"{title}: {label} measured here and in the papers, and the gap with its 95 % interval."
    paper = Paper(f"published {task}", caption, ["learner", label, "published", "gap", "source"], {label: 0})
    return Section(title, table_cells.published_cells(numbers.published_of(task)), paper)
