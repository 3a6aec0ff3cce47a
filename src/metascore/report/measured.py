"""The tables of a budget that README and the pages of docs/ show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from metascore import problems
from metascore.problems.scale import ERROR
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
    measures: dict[str, str]  # of all tasks: the name of its scale
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

    def of_learner(self, learner: str) -> list[dict[str, Any]]:
        """The rows of one learner in the table of scores."""
        rows: list[dict[Any, Any]] = self.scores[self.scores["learner"] == learner].to_dict("records")
        return rows

    def errors(self, task: str, learner: str, steps: Iterable[int] = STEPS) -> list[str]:
        """A learner's score after these steps."""
        curve = self.curves[(self.curves["task"] == task) & (self.curves["learner"] == learner)].set_index("step")
        scale = problems.scale(self.measures[task])
        return [f"{scale.factor * score:.{scale.digits}f}" for score in curve.loc[list(steps), "score"]]

    def texts(self, task: str) -> dict[str, str]:
        """The scores of a task's learners as text, the best score first."""
        scale = problems.scale(self.measures[task])
        rows = self.of(task).sort_values("score", ascending=not scale.higher_is_better, kind="stable")
        return dict(zip(rows["learner"], table_cells.score_cells(rows)[scale.label], strict=True))

    def printed(self, task: str, learner: str) -> str:
        """What a paper prints: one accuracy, or the errors after several steps."""
        table = self.published
        rows = table[(table["task"] == task) & (table["learner"] == learner)]
        if rows.empty:
            return table_cells.MISSING
        scale = problems.scale(self.measures[task])
        numbers = rows[["score", "reach"]].to_numpy()
        text = joined(_number(scale.factor * one, scale.factor * reach) for one, reach in numbers)
        return f"{text}{scale.unit} ({rows['source'].iloc[0].split(',')[0]})"


def joined(parts: Iterable[object]) -> str:
    """Numbers after several steps."""
    return " / ".join(map(str, parts))


def _number(score: float, reach: float) -> str:
    return f"{score:g}" + ("" if np.isnan(reach) else f" ± {reach:g}")
