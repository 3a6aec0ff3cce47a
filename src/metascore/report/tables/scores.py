"""Table `scores`: every learner's estimates on every task."""

import pandas as pd

from metascore.report import table_cells
from metascore.report.documents import Paper, Section
from metascore.report.numbers import Numbers

PLACE = 1
CAPTION = "Scores and MetaScore of each learner with 95 % intervals, and the best and worst rank that it can have."
TITLE = "Scores"
PAPER = True
READING = (
    "± is the distance to the farther end of a 95 % interval for other seeds and other episodes of these test classes; "
    "with one seed the interval holds for these trained networks, and there are no ranks. A rank such as 2–4 holds all "
    "places that the tests of all pairs leave possible at 5 % together (docs/reference/statistics.md). A diverged "
    "episode counts as accuracy 0, or as MetaScore -100 where scores are errors. A mean error that a few diverged "
    "episodes decide is replaced by the median and the share of episodes that diverged. Chance has MetaScore 0 by "
    "definition."
)


def rows(numbers: Numbers) -> pd.DataFrame:
    """All columns; those of new classes are the ends of the MetaScore's interval for classes that were never drawn."""
    return numbers.scores


def sections(numbers: Numbers) -> list[Section]:
    """A section a task, then the means over tasks."""
    found = [_section(numbers, task) for task in numbers.titles]
    several = numbers.overall[numbers.overall["tasks"] > 1]
    if len(several):
        found.append(Section("Mean MetaScore over the tasks of a problem", table_cells.overall_cells(several)))
    return found


def _section(numbers: Numbers, task: str) -> Section:
    table, scale, title = numbers.of(task).reset_index(drop=True), numbers.scale(task), numbers.titles[task]
    cells = table_cells.score_cells(table)
    columns = [name for name in ("rank", "learner", "family", scale.label, "MetaScore") if name in cells]
    best = (table["score"] if scale.higher_is_better else -table["score"]).to_numpy().argmax()
    caption = f"{title}: {scale.label} and MetaScore of each learner with 95 % intervals."
    paper = Paper(f"scores {task}", caption, columns, {scale.label: int(best), "MetaScore": 0})
    return Section(title, cells, paper)
