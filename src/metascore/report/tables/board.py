"""Table `board`: the ranks of each task, and how stable they are."""

import pandas as pd

from metascore.report import board
from metascore.report.documents import Section
from metascore.report.numbers import Numbers

PLACE = 2
CAPTION = "Ranks as intervals, and the ranks that random halves of the test episodes give."
TITLE = "Board"
READING = board.READING


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.board


def sections(numbers: Numbers) -> list[Section]:
    """A section a task."""
    by_task = numbers.board.groupby("task", sort=False)
    return [Section(numbers.titles[str(task)], board.board_cells(rows)) for task, rows in by_task]
