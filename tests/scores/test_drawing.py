"""Figures are the same however many processes draw them; tasks may have different numbers of seeds."""

import os
import sys
from types import ModuleType

import fake_results
import numpy as np
import pandas as pd
import pytest

from metascore.report import drawing
from metascore.report.figures import cost, improvement
from metascore.report.numbers import Numbers
from metascore.stages import aggregate


@pytest.fixture
def two_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "all_figures", lambda: [cost, improvement])


def figures(folder):
    return {path.name: path.read_bytes() for path in folder.glob("figures/*")}


@pytest.mark.usefixtures("two_figures")
def test_a_task_of_one_seed_beside_one_of_two_has_no_pairs_and_any_number_of_processes_draw_the_same(tmp_path):
    chosen = fake_results.config(("omniglot_5w1s", "sine_5s"), (0, 1), ("maml", "fomaml", "chance"))
    chosen.of_budget.values["fewer_seeds"] = {"sine_5s": 1}
    fake_results.write(tmp_path, chosen)
    results = tmp_path / "results/tiny"
    aggregate.run(chosen, tmp_path / "data", results)
    alone = figures(results)
    assert set(alone) == {"cost.png", "cost.svg", "improvement.png", "improvement.svg"}
    aggregate.run(chosen, tmp_path / "data", results, processes=2)
    assert figures(results) == alone
    assert set(pd.read_csv(results / "tables/pairs.csv")["task"]) == {"omniglot_5w1s"}
    ranks = pd.read_csv(results / "tables/scores.csv").set_index("task")["rank_low"]
    assert np.isfinite(ranks["omniglot_5w1s"]).all() and ranks["sine_5s"].isna().all()
    said = (results / "tables/scores.md").read_text(encoding="utf-8")
    assert "Seeds: 0, 1 (sine_5s: 0)." in said and "One seed of sine_5s: " in said
    assert "Fewer than three seeds of omniglot_5w1s (2)" in said


@pytest.mark.skipif(sys.platform != "linux", reason="only there is anything drawn beside this process")
@pytest.mark.parametrize("fails", [False, True])
def test_a_share_is_drawn_beside_this_process_and_here_where_that_one_fails(monkeypatch, fails):
    def drawn(numbers, formats, share):
        if fails and os.getpid() != here:
            raise ValueError
        return {(figure.__name__, "svg"): str(os.getpid() == here).encode() for figure in share}

    here, nothing = os.getpid(), object.__new__(Numbers)
    monkeypatch.setattr(drawing, "all_figures", lambda: [ModuleType(name) for name in ("first", "second", "third")])
    monkeypatch.setattr(drawing, "_drawn", drawn)
    found = {name: by for (name, _), by in drawing.drawings(nothing, ["svg"], processes=2).items()}
    assert list(found.items()) == [("first", b"True"), ("second", b"True" if fails else b"False"), ("third", b"True")]
