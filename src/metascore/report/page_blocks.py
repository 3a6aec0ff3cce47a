"""The blocks of README and the pages of docs/: Markdown tables from those that aggregate has written.

A block's first word names a function of BLOCKS, the other words are its arguments. A block shows the default budget, or
a published one that is named before it: `reference:scores omniglot_5w1s`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from metascore.config.recipe import Recipe
from metascore.report import table_cells
from metascore.report.documents import pipes
from metascore.report.measured import STEPS, Measured, joined
from metascore.report.table_cells import MISSING

FAMILIES = ["metric", "model", "optimisation", "baseline", "control"]  # in this order, then others
COST = ("chunk_size", "validations")  # of a training: without effect on its gradients


def block(words: list[str], measured: Measured) -> str:
    """The content of a block. Raises KeyError or TypeError for unknown words."""
    budget, _, name = words[0].rpartition(":")
    return BLOCKS[name](measured.at(budget) if budget else measured, *words[1:])


def score_block(measured: Measured, task: str) -> str:
    """The main table of a task."""
    return pipes(table_cells.score_cells(measured.of(task)))


def task_block(measured: Measured, *tasks: str) -> str:
    """Scores, a column a task; learners in the order of the first task that has them."""
    return _by_task({task: measured.texts(task) for task in tasks})


def metascore_block(measured: Measured, *tasks: str) -> str:
    """MetaScores with their intervals, a column a task."""
    return _by_task({task: _ends(measured.of(task)) for task in tasks})


def reached_block(measured: Measured, task: str) -> str:
    """The seconds in which the trained learners of a task reach some accuracies."""
    reached = measured.reached[measured.reached["task"] == task]
    return pipes(table_cells.reached_cells(reached, measured.of(task)))


def page_block(measured: Measured, learner: str) -> str:
    """A learner's results on each task at the published budgets and the default one, and papers' numbers beside."""
    budgets = [*measured.published_budgets, measured]
    rows = [(one, row) for one in budgets for row in one.scores.to_dict("records") if row["learner"] == learner]
    done = [row["task"] for _, row in rows]
    printed = measured.published[measured.published["learner"] == learner]["task"]
    cells = [_measured_row(one, row) for one, row in rows]
    cells += [
        {"task": task, "measured": "not run", "published": measured.printed(task, learner)}
        for task in printed.unique()
        if task not in done
    ]
    return pipes(pd.DataFrame(cells).fillna("")) if cells else f"Not part of budget `{measured.budget}`."


def learner_block(measured: Measured) -> str:
    """The learners by family, with links to their pages."""
    links: dict[str, list[str]] = {family: [] for family in FAMILIES if family in measured.families.values()}
    for learner, family in measured.families.items():
        links.setdefault(family, []).append(f"[{learner}](../algorithms/{learner}.md)")
    return pipes(pd.DataFrame({"family": list(links), "learners": [", ".join(some) for some in links.values()]}))


def recipe_block(measured: Measured, learner: str) -> str:
    """The hyper-parameters that differ between budgets, a column a budget, the paper's first."""
    first, *others = measured.recipes[learner].values()
    changed = [name for name in first if any(other.get(name) != first[name] for other in others)]
    rows = [
        {"number": f"`{name}`"} | {budget: _value(own.get(name)) for budget, own in measured.recipes[learner].items()}
        for name in changed
    ]
    return pipes(pd.DataFrame(rows)) if rows else "All budgets use the same hyper-parameters."


def recipe_numbers(recipe: Recipe) -> dict[str, Any]:
    """The hyper-parameters of a run and of its training, by name."""
    training = {name: value for name, value in vars(recipe.training).items() if name not in COST}
    return recipe.hyper_parameters | training


def prior_block(measured: Measured, task: str) -> str:
    """Each learner's distance to the mean function before adaptation, and its errors after some steps."""
    distances = _prior_cells(measured, task)["distance to the mean function"]
    errors = {name: measured.errors(task, str(name), (0, *STEPS)) for name in distances.index}
    headings = ["error after 0 steps", *(f"after {step}" for step in STEPS)]
    cells = pd.DataFrame.from_dict(errors, orient="index", columns=headings)
    cells.insert(0, distances.name, distances)
    return pipes(cells.rename_axis("learner").reset_index())


def move_block(measured: Measured, task: str, blind: str) -> str:
    """How far each learner moves, and its last error as a share of that of the learner `blind`."""
    cells = _prior_cells(measured, task)[["moved in 1 step", "in 5 steps", "in 10 steps"]]
    share = [float(measured.errors(task, str(name), STEPS[-1:])[0]) for name in cells.index]
    least = float(measured.errors(task, blind, STEPS[-1:])[0])
    heading = f"error after {STEPS[-1]} steps, of that of {blind}"
    return pipes(cells.assign(**{heading: [f"{one / least:.0%}" for one in share]}).reset_index())


def aim_block(measured: Measured, task: str, *aims: str) -> str:
    """Scores beside their aims (`learner=98.5`); those that fall short are bold."""
    wanted = {learner: float(aim) for learner, _, aim in (one.partition("=") for one in aims)}
    scale, texts = measured.scale(task), measured.texts(task)
    points = scale.factor * measured.of(task).set_index("learner")["score"]
    rows = []
    for learner, aim in wanted.items():
        gap = (points[learner] - aim) * (1 if scale.higher_is_better else -1)
        text = texts[learner] if gap >= 0 else f"**{texts[learner]}**"
        rows.append({"learner": learner, scale.label: text, "aim": f"{aim:g}"})
    return pipes(pd.DataFrame(rows))


def gain_block(measured: Measured, budget: str, task: str, *learners: str) -> str:
    """Scores at the default budget (where it has the task), at a published one and in the paper.

    The last column is the change of the validation score in the second half of the published budget's training.
    """
    larger = measured.at(budget)
    budgets = [one for one in (measured, larger) if (one.scores["task"] == task).any()]
    columns = {one.budget: one.texts(task) for one in budgets}
    columns["the paper"] = {learner: measured.printed(task, learner) for learner in learners}
    columns["second half"] = {learner: _second_half(larger, task, learner) for learner in learners}
    rows = [{"learner": one} | {name: texts[one] for name, texts in columns.items()} for one in learners]
    return pipes(pd.DataFrame(rows))


def _second_half(measured: Measured, task: str, learner: str) -> str:
    """With its sign; MISSING where the learner has no learning curve."""
    curve = measured.learning[(measured.learning["task"] == task) & (measured.learning["learner"] == learner)]
    if curve.empty:
        return MISSING
    half = (curve["iteration"] - curve["iteration"].max() / 2).abs().argmin()
    scale = measured.scale(task)
    return f"{scale.factor * (curve['validation'].iloc[-1] - curve['validation'].iloc[half]):+.{scale.digits}f}"


def _by_task(columns: Mapping[str, Mapping[str, str]]) -> str:
    """A row a learner, with its text of each task that has one."""
    table = pd.DataFrame(columns, index=list(dict.fromkeys(name for texts in columns.values() for name in texts)))
    return pipes(table.fillna(MISSING).rename_axis("learner").reset_index())


def _prior_cells(measured: Measured, task: str) -> pd.DataFrame:
    """Cells by learner, the best learner first."""
    rows = measured.priors[measured.priors["task"] == task]
    if rows.empty:
        raise KeyError(f"no functions of {task} at budget {measured.budget}")
    cells = table_cells.prior_cells(rows).set_index("learner")
    return cells.loc[[name for name in measured.of(task)["learner"] if name in cells.index]]


def _ends(rows: pd.DataFrame) -> dict[str, str]:
    """MetaScores as text, by learner."""
    return {row["learner"]: table_cells.ends(row, "metascore", 1.0, 1) for row in rows.to_dict("records")}


def _measured_row(measured: Measured, row: dict[Any, Any]) -> dict[str, str]:
    cells = table_cells.score_cells(pd.DataFrame([row])).iloc[0]
    name, task, scale = row["learner"], row["task"], measured.scale(row["task"])
    score = cells[scale.label] + scale.unit
    if scale.steps:
        score = joined(measured.errors(task, name, scale.steps))
        task = f"{task}, {scale.label} after {joined(scale.steps)} steps"
    other = row["trained_on"]
    return {
        "task": task if other == row["task"] else f"{task}, trained on {other}",
        "budget": measured.budget,
        "seeds": str(row["seeds"]),
        "training s": f"{row['seconds']:.0f}",
        "measured": score,
        "MetaScore": cells["MetaScore"],
        "published": measured.printed(row["task"], name),
    }


def _value(value: Any) -> str:
    """As the files in params/ have it."""
    return MISSING if value is None else value if isinstance(value, str) else json.dumps(value)


BLOCKS: dict[str, Callable[..., str]] = {
    "scores": score_block,
    "tasks": task_block,
    "metascores": metascore_block,
    "reached": reached_block,
    "page": page_block,
    "learners": learner_block,
    "recipe": recipe_block,
    "priors": prior_block,
    "moves": move_block,
    "aims": aim_block,
    "gains": gain_block,
}
