"""All that figures and documents are made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Numbers:
    """The tables of all tasks; `titles` are the tasks'."""

    titles: dict[str, str]
    scores: pd.DataFrame
    overall: pd.DataFrame  # means over the tasks of a problem
    curves: pd.DataFrame
    histories: pd.DataFrame
    reached: pd.DataFrame
    board: pd.DataFrame
    pairs: pd.DataFrame
    published: pd.DataFrame
    priors: pd.DataFrame
    shown: dict[str, dict[str, np.ndarray]]  # of the first test episodes, by task
    figure_data: dict[str, dict[str, dict[int, dict[str, np.ndarray]]]]  # of runs on them, by task, learner and seed

    def families(self) -> dict[str, str]:
        """The family of each learner, which has a colour in figures."""
        return dict(zip(self.scores["learner"], self.scores["family"], strict=True))

    def best_of_families(self, task: str, each: int = 1) -> list[str]:
        """The best learners of each family that learns, `each` of them, the best first."""
        rows = self.scores[(self.scores["task"] == task) & (self.scores["family"] != "control")]
        return rows[rows.groupby("family", sort=False).cumcount() < each]["learner"].tolist()

    def first_figure_data(self, task: str, learners: list[str]) -> dict[str, dict[str, np.ndarray]]:
        """What the first seed of each of these learners left to be drawn."""
        of_task = self.figure_data[task]
        return {name: of_task[name][min(of_task[name])] for name in learners}

    def tasks_with(self, name: str) -> list[str]:
        """The tasks whose portraits have an array of this name."""
        return [
            task
            for task, learners in self.figure_data.items()
            if any(name in one for seeds in learners.values() for one in seeds.values())
        ]
