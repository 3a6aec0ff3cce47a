"""The figures of stage `aggregate`: drawn from its tables and written as SVG and PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from metascore.config.params import Config
from metascore.files import write
from metascore.report.figures.adaptation import adaptation
from metascore.report.figures.cost import cost
from metascore.report.figures.gallery import gallery
from metascore.report.figures.improvement import improvement
from metascore.report.figures.learning import learning
from metascore.report.figures.published_gap import published_gap
from metascore.report.figures.ranking import ranking
from metascore.report.figures.waves import waves
from metascore.report.style import rendered
from metascore.stages.examples import best_of_families, examples
from metascore.stages.waves import waves_of


@dataclass(frozen=True)
class Numbers:
    """The tables that figures and the report are made from, of all tasks; `titles` are the tasks'."""

    titles: dict[str, str]
    scores: pd.DataFrame
    curves: pd.DataFrame
    histories: pd.DataFrame
    pairs: pd.DataFrame
    published: pd.DataFrame
    priors: pd.DataFrame


def write_figures(config: Config, numbers: Numbers, results: Path) -> list[str]:
    """Write each figure as SVG and PNG into results/figures; returns their names, the most telling first."""
    table, titles = numbers.scores, numbers.titles
    drawn = {
        "ranking": ranking(table, titles),
        "adaptation": adaptation(numbers.curves, table, titles),
        "gallery": _gallery(config, table, titles),
        "waves": _waves(config, table, titles),
        "improvement": improvement(numbers.pairs, table, titles),
        "published_gap": published_gap(numbers.published, table, titles),
        "cost": cost(table, titles),
        "learning": learning(numbers.histories, table, titles),
    }
    for name, figure in drawn.items():
        for suffix in ("svg", "png"):
            write(results / "figures" / f"{name}.{suffix}", rendered(figure, suffix))
    return list(drawn)


def _gallery(config: Config, table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Episodes of the first task that has images."""
    pictured = [task for task in titles if config.tasks[task].kind == "classification"]
    if not pictured:
        return gallery([], {}, "Test episodes")
    task = pictured[0]
    title = f"{titles[task]}: the first test episodes, and what the best learner of each family answered"
    shown = examples(config, task, best_of_families(table[table["task"] == task]))
    return gallery(shown, dict(zip(table["learner"], table["family"], strict=True)), title)


def _waves(config: Config, table: pd.DataFrame, titles: dict[str, str]) -> Figure:
    """Waves of the first task that has some."""
    drawn = [task for task in titles if config.tasks[task].kind == "regression"]
    families = dict(zip(table["learner"], table["family"], strict=True))
    if not drawn:
        return waves([], families, "Sine waves")
    title = f"{titles[drawn[0]]}: the first test waves, as a learner sees them before and after it adapts"
    return waves(waves_of(config, drawn[0]), families, title)
