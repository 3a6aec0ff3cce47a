"""What was aimed at, and what more time brought: two blocks of docs/reference/results.md."""

from __future__ import annotations

import pandas as pd

from metascore import problems
from metascore.report.documents import pipes
from metascore.report.measured import Measured
from metascore.report.table_cells import MISSING


def aim_block(measured: Measured, task: str, *aims: str) -> str:
    """Scores beside what was aimed at (`learner=98.5`); those that fall short are bold."""
    wanted = {learner: float(aim) for learner, _, aim in (one.partition("=") for one in aims)}
    scale, texts = problems.scale(measured.measures[task]), measured.texts(task)
    points = scale.factor * measured.of(task).set_index("learner")["score"]
    rows = []
    for learner, aim in wanted.items():
        gap = (points[learner] - aim) * (1 if scale.higher_is_better else -1)
        text = texts[learner] if gap >= 0 else f"**{texts[learner]}**"
        rows.append({"learner": learner, scale.label: text, "aim": f"{aim:g}"})
    return pipes(pd.DataFrame(rows))


def gain_block(measured: Measured, budget: str, task: str, *learners: str) -> str:
    """Scores at the default budget (where it has the task), at a published one and in the paper.

    The last column is what the second half of the published one's meta-steps changed in the validation score.
    """
    larger = measured.at(budget)
    budgets = [one for one in (measured, larger) if (one.scores["task"] == task).any()]
    columns = {one.budget: one.texts(task) for one in budgets}
    columns["the paper"] = {learner: measured.printed(task, learner) for learner in learners}
    columns["second half"] = {learner: _second_half(larger, task, learner) for learner in learners}
    rows = [{"learner": one} | {name: texts[one] for name, texts in columns.items()} for one in learners]
    return pipes(pd.DataFrame(rows))


def _second_half(measured: Measured, task: str, learner: str) -> str:
    """With its sign; nothing where the learner has no curve of its own."""
    curve = measured.learning[(measured.learning["task"] == task) & (measured.learning["learner"] == learner)]
    if curve.empty:
        return MISSING
    half = (curve["iteration"] - curve["iteration"].max() / 2).abs().argmin()
    scale = problems.scale(measured.measures[task])
    return f"{scale.factor * (curve['validation'].iloc[-1] - curve['validation'].iloc[half]):+.{scale.digits}f}"
