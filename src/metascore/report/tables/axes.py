"""Table `axes`: what each learner declares of itself, on every task."""

import pandas as pd

from metascore.report import table_cells
from metascore.report.documents import Section
from metascore.report.numbers import Numbers

PLACE = 2
CAPTION = "Gradient order, adaptation steps, parameters and training tasks of each learner."
READING = (
    "Gradient order: 2 where the outer gradient passes through the inner steps, 1 where it does not, 0 without inner "
    "steps. A step makes one or more gradient updates, each on so many examples."
)


def rows(numbers: Numbers) -> pd.DataFrame:
    """The columns of the table of scores."""
    return numbers.scores[["task", *table_cells.AXES]]


def sections(numbers: Numbers) -> list[Section]:
    """A section a task."""
    return [Section(title, table_cells.axis_cells(numbers.of(task))) for task, title in numbers.titles.items()]
