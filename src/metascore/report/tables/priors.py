"""Table `priors`: the distance of functions from the mean function before adaptation, and their moves."""

import pandas as pd

from metascore.report import table_cells
from metascore.report.documents import Section
from metascore.report.numbers import Numbers

PLACE = 4
CAPTION = (
    "The distance of each learner's function from the mean over all waves before adaptation, and how far 1, 5 and 10 "
    "steps move it."
)
TITLE = "Functions before adaptation, and their moves"
READING = (
    "Distances are mean squared differences of functions over [-5, 5]: of the unadapted function from the mean over "
    "all waves, E[A sin(x - phase)]; and of the function after 1, 5 and 10 steps from the unadapted one, over the test "
    "episodes. Means over seeds, with the seeds' range."
)


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.priors


def sections(numbers: Numbers) -> list[Section]:
    """A section a task."""
    by_task = numbers.priors.groupby("task", sort=False)
    return [Section(numbers.titles[str(task)], table_cells.prior_cells(rows)) for task, rows in by_task]
