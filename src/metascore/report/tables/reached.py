"""Table `reached`: the training time until each learner reaches some accuracies."""

import pandas as pd

from metascore.report import table_cells
from metascore.report.documents import Section
from metascore.report.numbers import Numbers

PLACE = 2
CAPTION = "Seconds of training until the accuracy on validation episodes reaches 80, 90, 95 and 97 %."
TITLE = "Accuracy against seconds"
READING = (
    "Seconds of meta-steps (of the processor; on a GPU of the clock), without validation, until the first validation "
    "whose mean over seeds reaches the accuracy; seconds and tasks of the whole training."
)


def rows(numbers: Numbers) -> pd.DataFrame:
    """As they are written."""
    return numbers.reached


def sections(numbers: Numbers) -> list[Section]:
    """A section a task whose scores have such levels."""
    found = []
    for task, reached in numbers.reached.groupby("task", sort=False):
        scores = numbers.scores[numbers.scores["task"] == task]
        cells = table_cells.reached_cells(reached, scores)
        found += [Section(numbers.titles[str(task)], cells)] if len(cells) else []
    return found
