"""The blocks of README and the pages of docs/: Markdown tables, from those that aggregate has written.

A block's first word names one of the functions in BLOCKS, the other words are its arguments. It is made from the
default budget's tables, or from those of a published one that is named before it: `reference:scores omniglot_5w1s`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from metascore import problems
from metascore.report import aims, recipes, table_cells
from metascore.report.documents import pipes
from metascore.report.measured import STEPS, Measured, joined
from metascore.report.table_cells import MISSING

FAMILIES = ["metric", "model", "optimisation", "baseline", "control"]  # in this order, then others


def block(words: list[str], measured: Measured) -> str:
    """The content of a block. Raises KeyError or TypeError where its words mean nothing."""
    budget, _, name = words[0].rpartition(":")
    return BLOCKS[name](measured.at(budget) if budget else measured, *words[1:])


def score_block(measured: Measured, task: str) -> str:
    """All learners of a task, the best first."""
    return pipes(table_cells.score_cells(measured.of(task)))


def task_block(measured: Measured, *tasks: str) -> str:
    """Scores, a column a task; learners in the order of the first task that has them."""
    return _by_task({task: measured.texts(task) for task in tasks})


def reached_block(measured: Measured, task: str) -> str:
    """How soon the trained learners of a task reach accuracies worth naming."""
    reached = measured.reached[measured.reached["task"] == task]
    return pipes(table_cells.reached_cells(reached, measured.of(task)))


def page_block(measured: Measured, learner: str) -> str:
    """What a learner's page says: each task of the published budgets and the default one, then what papers alone do."""
    budgets = [*measured.published_budgets, measured]
    rows = [(one, row) for one in budgets for row in one.of_learner(learner)]
    done = [row["task"] for _, row in rows]
    printed = measured.published[measured.published["learner"] == learner]["task"]
    cells = [_measured_row(one, row) for one, row in rows]
    cells += [_unmeasured_row(measured, task, learner) for task in printed.unique() if task not in done]
    return pipes(pd.DataFrame(cells)) if cells else f"Not part of budget `{measured.budget}`."


def learner_block(measured: Measured) -> str:
    """The learners by family, with links to their pages."""
    links: dict[str, list[str]] = {family: [] for family in FAMILIES if family in measured.families.values()}
    for learner, family in measured.families.items():
        links.setdefault(family, []).append(f"[{learner}](../algorithms/{learner}.md)")
    return pipes(pd.DataFrame({"family": list(links), "learners": [", ".join(some) for some in links.values()]}))


def recipe_block(measured: Measured, learner: str) -> str:
    """The numbers that other budgets have otherwise than the paper's."""
    return recipes.departures(measured.recipes[learner])


def prior_block(measured: Measured, task: str) -> str:
    """How far each learner of functions is from the mean function at first, and its errors on the way."""
    rows = []
    for learner, distance in _prior_cells(measured, task)["distance to the mean function"].items():
        errors = dict(zip(("after 1", "after 5", "after 10"), measured.errors(task, str(learner)), strict=True))
        first = measured.errors(task, str(learner), [0])[0]
        row = {"learner": learner, "distance to the mean function": distance, "error after 0 steps": first}
        rows.append(row | errors)
    return pipes(pd.DataFrame(rows))


def move_block(measured: Measured, task: str, blind: str) -> str:
    """How far each moves, and its last error as a share of that of the learner that moves blindly or not at all."""
    cells = _prior_cells(measured, task)[["moved in 1 step", "in 5 steps", "in 10 steps"]]
    share = [float(measured.errors(task, str(name), STEPS[-1:])[0]) for name in cells.index]
    least = float(measured.errors(task, blind, STEPS[-1:])[0])
    heading = f"error after {STEPS[-1]} steps, of that of {blind}"
    return pipes(cells.assign(**{heading: [f"{one / least:.0%}" for one in share]}).reset_index())


def metascore_block(measured: Measured, *tasks: str) -> str:
    """MetaScores with their intervals, a column a task."""
    return _by_task({task: _ends(measured.of(task)) for task in tasks})


def _by_task(columns: Mapping[str, Mapping[str, str]]) -> str:
    """A row a learner, with its text of each task that has one."""
    learners = dict.fromkeys(name for texts in columns.values() for name in texts)
    rows = [{"learner": one} | {task: texts.get(one, MISSING) for task, texts in columns.items()} for one in learners]
    return pipes(pd.DataFrame(rows))


def _prior_cells(measured: Measured, task: str) -> pd.DataFrame:
    """Cells by learner, the best learner first."""
    rows = measured.priors[measured.priors["task"] == task]
    if rows.empty:
        raise KeyError(f"no functions of {task} at budget {measured.budget}")
    cells = table_cells.prior_cells(rows).set_index("learner")
    return cells.loc[[name for name in measured.of(task)["learner"] if name in cells.index]]


def _ends(rows: pd.DataFrame) -> dict[str, str]:
    """MetaScores as text, by learner."""
    names = ["metascore", "metascore_low", "metascore_high"]
    texts = (
        f"{point:z.1f} [{low:z.1f}, {high:z.1f}]" if table_cells.varies(low, high) else f"{point:z.1f}"
        for point, low, high in rows[names].to_numpy()
    )
    return dict(zip(rows["learner"], texts, strict=True))


def _measured_row(measured: Measured, row: dict) -> dict[str, str]:
    cells = table_cells.score_cells(pd.DataFrame([row])).iloc[0]
    name, task, scale = row["learner"], row["task"], problems.scale(row["measure"])
    score = cells[scale.label] + scale.unit
    if scale.steps:
        score = joined(measured.errors(task, name, scale.steps))
        task = f"{task}, {scale.label} after {joined(scale.steps)} steps"
    other = row.get("trained_on", row["task"])
    return {
        "task": task if other == row["task"] else f"{task}, trained on {other}",
        "budget": measured.budget,
        "seeds": str(row["seeds"]),
        "training s": f"{row['seconds']:.0f}",
        "measured": score,
        "MetaScore": cells["MetaScore"],
        "published": measured.printed(row["task"], name),
    }


def _unmeasured_row(measured: Measured, task: str, learner: str) -> dict[str, str]:
    empty = dict.fromkeys(["budget", "seeds", "training s"], "")
    unknown = {"measured": "not run", "MetaScore": ""}
    return {"task": task, **empty, **unknown, "published": measured.printed(task, learner)}


BLOCKS: dict[str, Callable[..., str]] = {
    "scores": score_block,
    "tasks": task_block,
    "reached": reached_block,
    "page": page_block,
    "learners": learner_block,
    "recipe": recipe_block,
    "priors": prior_block,
    "moves": move_block,
    "metascores": metascore_block,
    "aims": aims.aim_block,
    "gains": aims.gain_block,
}
