"""Tables made from a small task's results: what each row says."""

from dataclasses import replace

import fake_results
import numpy as np
import pandas as pd
import pytest

from metascore.config.params import Run
from metascore.scoring import tables
from metascore.scoring.estimates import TaskResults, estimate
from metascore.scoring.scores import accuracy


@pytest.fixture(scope="module")
def results():
    """Two learners that differ, and one that is a copy of the first."""
    generator = np.random.default_rng(0)
    curves = {
        learner: np.stack([fake_results.scores(Run("omniglot_5w1s", learner, seed), generator) for seed in (0, 1)])
        for learner in ("maml", "chance")
    }
    axes = {
        "family": "metric",
        "batch_norm": "none",
        "gradient_order": 1,
        "train_steps": 1,
        "test_steps": 3,
        "updates": 2,
    }
    record = {"seconds": 1.0, "tasks_per_second": 1.0, "parameters": 1, "device": "cpu", "axes": axes}
    scores = {"maml": curves["maml"], "chance": curves["chance"], "copy": curves["maml"]}
    records = {learner: [record, record] for learner in scores}
    return TaskResults("omniglot_5w1s", "omniglot", "Omniglot, 5-way 1-shot", accuracy(5), scores, records)


@pytest.fixture(scope="module")
def estimates(results):
    return estimate(results)


def test_overall_is_the_mean_over_tasks(results, estimates):
    """Two tasks whose estimates are the same have the mean, and the interval, of one."""
    table = tables.overall_tables([results, results], [estimates, estimates]).set_index("learner")
    assert set(table["tasks"]) == {2} and set(table["problem"]) == {"omniglot"}
    for k, learner in enumerate(results.scores):
        assert table.loc[learner, "metascore"] == pytest.approx(estimates.metascore.point[k])
    assert table.loc["chance", "metascore"] == pytest.approx(0, abs=1e-4)


def test_overall_by_hand(results, estimates):
    """MetaScores m and 0 have the mean m / 2: the other task's scores are chance's."""
    at_chance = replace(results, scores=dict.fromkeys(results.scores, results.scores["chance"]))
    other = estimate(at_chance)
    table = tables.overall_tables([results, at_chance], [estimates, other]).set_index("learner")
    assert table.loc["maml", "metascore"] == pytest.approx(estimates.metascore.point[0] / 2, abs=1e-4)
    low, middle, high = table.loc[["maml"], ["metascore_low", "metascore", "metascore_high"]].to_numpy()[0]
    assert low < middle < high


def test_overall_leaves_out_who_does_not_do_every_task(results, estimates):
    fewer = replace(results, scores={name: results.scores[name] for name in ("copy", "chance")})
    other = estimate(fewer)
    table = tables.overall_tables([results, fewer], [estimates, other]).set_index("learner")
    assert table.index.tolist() == ["copy", "chance"]
    assert table.loc["copy", "metascore"] == pytest.approx(estimates.metascore.point[2])


def test_pairs_have_a_row_in_each_direction(results, estimates):
    table = tables.pair_table(results, estimates).set_index(["learner", "other"])
    assert len(table) == 6 and set(table["task"]) == {"omniglot_5w1s"}
    assert table[["probability", "probability_low", "significant"]].loc[[("maml", "chance")]].values.tolist() == [
        [1, 1, True]
    ]
    assert table.loc[("chance", "maml"), "probability"] == 0
    assert table[["probability", "p", "significant"]].loc[[("copy", "maml")]].values.tolist() == [[0.5, 1, False]]
    assert (table["p"] == table["p"].swaplevel().loc[table.index]).all()


def test_curves_count_updates_until_the_learners_own_last_step(results, estimates):
    table = tables.curve_table(results, estimates)
    assert table.loc[table["learner"] == "maml", "updates"].tolist() == [0, 2, 4, *[6] * 8]


@pytest.mark.parametrize("learners, tasks, keys", [(10, 3, 60), (16, 3, 48), (16, 4, 16)])
def test_metrics_shrink_to_what_is_readable(learners, tasks, keys):
    rows = [
        {"task": f"t{t}", "learner": f"l{k}", "metascore": 90.1234567, "score": 0.9}
        for t in range(tasks)
        for k in range(learners)
    ]
    overall = pd.DataFrame({"problem": "p", "learner": [f"l{k}" for k in range(learners)], "metascore": 90.1234567})
    found = tables.metrics(pd.DataFrame(rows), overall)
    assert len(found) == keys and 90.123457 in found.values()
