"""The 20 published runs of Lake, Salakhutdinov and Tenenbaum (2015): within an alphabet, one person to another."""

import csv
from pathlib import Path
from typing import NamedTuple

RUNS = 20
LISTED = Path(__file__).with_name("lake_runs.csv")  # github.com/brendenlake/omniglot: all 800 images are in evaluation


class Trial(NamedTuple):
    """One of the 20 characters of a run."""

    run: int  # from 0
    name: str  # such as Atlantean/character09
    drawers: tuple[int, int]  # from 0: who drew the support image, and who the query


def trials() -> list[Trial]:
    """Return all characters of all runs, run by run."""
    with LISTED.open(newline="", encoding="utf-8") as file:
        return [_trial(line) for line in csv.DictReader(file)]


def _trial(line: dict[str, str]) -> Trial:
    drawers = int(line["train_drawer"]) - 1, int(line["test_drawer"]) - 1
    return Trial(int(line["run"]) - 1, f"{line['alphabet']}/{line['character']}", drawers)
