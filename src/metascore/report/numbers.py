"""All that figures and documents are made from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from metascore import problems
from metascore.problems.scale import Scale
from metascore.report.style import Style, styles


@dataclass(frozen=True)
class Numbers:
    """The tables of all tasks; `titles` are the tasks'."""

    titles: dict[str, str]
    entries: Sequence[str]  # all learners of params.yaml, in its order
    scores: pd.DataFrame
    overall: pd.DataFrame  # means over the tasks of a problem
    curves: pd.DataFrame
    histories: pd.DataFrame
    reached: pd.DataFrame
    pairs: pd.DataFrame
    published: pd.DataFrame
    priors: pd.DataFrame
    shown: dict[str, dict[str, np.ndarray]]  # of the first test episodes, by task
    figure_data: dict[str, dict[str, dict[int, dict[str, np.ndarray]]]]  # of runs on them, by task, learner and seed

    def of(self, task: str) -> pd.DataFrame:
        """The rows of a task in the table of scores, the best learner first."""
        return self.scores[self.scores["task"] == task]

    def scale(self, task: str) -> Scale:
        """The unit of a task's scores."""
        return problems.scale(self.of(task)["measure"].iloc[0])

    def published_of(self, task: str) -> pd.DataFrame:
        """The published numbers of a task beside ours, our best score first."""
        rows = self.published[self.published["task"] == task]
        return rows.sort_values("score", ascending=not self.scale(task).higher_is_better, kind="stable")

    def styles(self, learners: Iterable[str] | None = None) -> dict[str, Style]:
        """How each learner, or each of these, is drawn."""
        found = styles(dict(zip(self.scores["learner"], self.scores["family"], strict=True)), self.entries)
        return found if learners is None else {learner: found[learner] for learner in learners}

    def descents(self, task: str) -> pd.DataFrame:
        """The adaptation curves of a task's learners that adapt by gradient updates, with their families."""
        curves = self.curves[self.curves["task"] == task].merge(self.of(task)[["learner", "family"]], on="learner")
        return curves[curves.groupby("learner")["updates"].transform("max") > 0]

    def best_of_families(self, task: str, each: int = 1) -> list[str]:
        """The `each` best learners of each family that learns, the best first."""
        rows = self.of(task)
        rows = rows[rows["family"] != "control"]
        return rows[rows.groupby("family", sort=False).cumcount() < each]["learner"].tolist()

    def first_figure_data(self, task: str, learners: Sequence[str], name: str) -> dict[str, dict[str, np.ndarray]]:
        """The figure data of the first seed of each of these learners that has an array of this name."""
        seeds = {learner: self.figure_data[task].get(learner, {}) for learner in learners}
        first = {learner: found[min(found)] for learner, found in seeds.items() if found}
        return {learner: found for learner, found in first.items() if name in found}
