"""Published numbers: the packaged file is in order, and stands beside ours with the right gap."""

import numpy as np
import pandas as pd
import pytest

from metascore.config.loading import load as load_params
from metascore.scoring import published


def ours(learner, task="omniglot_5w1s", measure="accuracy", test_steps=3, score=0.9, low=0.87, high=0.96):
    ends = {"score": score, "score_low": low, "score_high": high}
    return {
        "learner": learner,
        "task": task,
        "measure": measure,
        "test_steps": test_steps,
        "median": score,
        "runaway": 0.0,
        **ends,
    }


def table_of(*rows):
    return published.published_table(pd.DataFrame(rows))


def test_the_packaged_file_is_about_learners_and_tasks_of_this_project(root):
    params = load_params(root / "params.yaml").params
    table = published.load()
    assert set(table["learner"]) <= set(params["learners"])
    assert set(table["task"]) <= set(params["tasks"])
    assert {"maml", "protonet", "reptile"} <= set(table["learner"])
    assert not table.drop(columns=["steps", "reach"]).isna().any(axis=None) and not (table["reach"] < 0).any()
    assert not table.duplicated(["learner", "task", "steps"]).any()
    accuracies = table["task"].str.startswith("omniglot")
    assert table.loc[accuracies, "score"].between(0, 1).all() and table.loc[~accuracies, "score"].notna().all()


def test_yardsticks_are_scores_on_tasks_of_this_project_with_their_source(root):
    table = published.yardsticks()
    assert set(table["task"]) <= set(load_params(root / "params.yaml").params["tasks"])
    assert table["score"].between(0, 1).all() and not table.isna().any(axis=None) and not table.duplicated().any()
    assert dict(zip(table["name"], table["score"], strict=True))["people"] == 0.955


def test_gap_and_its_interval_by_hand():
    """MAML's published 0.987 +- 0.004; ours 0.9, from 0.03 below to 0.06 above."""
    row = table_of(ours("maml"), ours("chance")).iloc[0]
    assert (row["published"], row["published_reach"], row["published_steps"]) == (0.987, 0.004, 3)
    assert row["gap"] == pytest.approx(-0.087)
    assert row["gap_low"] == pytest.approx(-0.087 - np.sqrt(0.03**2 + 0.004**2))
    assert row["gap_high"] == pytest.approx(-0.087 + np.sqrt(0.06**2 + 0.004**2))
    assert "Finn" in row["source"] and "query" in row["protocol"]


def test_without_a_published_interval_the_gap_has_ours():
    row = table_of(ours("protonet")).iloc[0]
    assert np.isnan(row["published_reach"])
    assert (row["gap_low"], row["gap_high"]) == pytest.approx((0.87 - 0.988, 0.96 - 0.988))


def test_learners_without_published_numbers_are_left_out():
    assert table_of(ours("chance"), ours("lstm_meta")).empty
    assert list(table_of(ours("chance"))) == list(table_of(ours("maml")))


@pytest.mark.parametrize("steps, expected", [(1, [0.67]), (10, [0.35]), (7, [])])
def test_of_several_published_steps_only_ours_counts(steps, expected):
    table = table_of(ours("maml", "sine_5s", "error", steps, 0.4, 0.3, 0.5))
    assert table["published"].tolist() == expected


def test_an_infinite_error_has_an_infinite_gap():
    row = table_of(ours("maml", "sine_5s", "error", 10, np.inf, np.inf, np.inf)).iloc[0]
    assert row["gap"] == np.inf and not np.isfinite(row["gap_high"])
