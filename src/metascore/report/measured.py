"""The tables of a budget that the pages of docs/ show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from metascore import problems
from metascore.problems.scale import ERROR, Scale
from metascore.report import table_cells

STEPS = ERROR.steps


@dataclass(frozen=True)
class Measured:
    """The tables of one budget; `families` are those of the learners that have a page."""

    budget: str
    scores: pd.DataFrame
    curves: pd.DataFrame
    priors: pd.DataFrame
    reached: pd.DataFrame
    learning: pd.DataFrame
    published: pd.DataFrame
    measures: dict[str, str]  # the name of each task's scale
    families: dict[str, str]
    recipes: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)  # by learner and budget
    published_budgets: Sequence[Measured] = ()  # whose results come with the project

    def at(self, budget: str) -> Measured:
        """The tables of a published budget. Raises KeyError where there is none of this name."""
        return {one.budget: one for one in self.published_budgets}[budget]

    def of(self, task: str) -> pd.DataFrame:
        """The rows of one task in the table of scores. Raises KeyError where the budget has no such task."""
        rows = self.scores[self.scores["task"] == task]
        if rows.empty:
            raise KeyError(f"no {task} at budget {self.budget}")
        return rows

    def scale(self, task: str) -> Scale:
        """The unit of a task's scores."""
        return problems.scale(self.measures[task])

    def errors(self, task: str, learner: str, steps: Iterable[int] = STEPS) -> list[str]:
        """A learner's score after these steps."""
        curve = self.curves[(self.curves["task"] == task) & (self.curves["learner"] == learner)].set_index("step")
        scale = self.scale(task)
        return [f"{scale.factor * score:.{scale.digits}f}" for score in curve.loc[list(steps), "score"]]

    def texts(self, task: str) -> dict[str, str]:
        """The scores of a task's learners as text, the best score first."""
        scale = self.scale(task)
        rows = self.of(task).sort_values("score", ascending=not scale.higher_is_better, kind="stable")
        return dict(zip(rows["learner"], table_cells.score_cells(rows)[scale.label], strict=True))

    def printed(self, task: str, learner: str) -> str:
        """The number that a paper prints: one accuracy, or the errors after several steps."""
        rows = self.published[(self.published["task"] == task) & (self.published["learner"] == learner)]
        if rows.empty:
            return table_cells.MISSING
        scale = self.scale(task)
        numbers = scale.factor * rows[["score", "reach"]].to_numpy()
        text = joined(f"{score:g}" + ("" if np.isnan(reach) else f" ± {reach:g}") for score, reach in numbers)
        return f"{text}{scale.unit} ({rows['source'].iloc[0].split(',')[0]})"


def joined(parts: Iterable[object]) -> str:
    """Numbers after several steps."""
    return " / ".join(map(str, parts))
