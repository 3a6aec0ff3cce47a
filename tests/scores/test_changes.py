"""Changes between two sets of runs: by hand, and who is told from whom."""

import numpy as np
import pytest

from metascore.problems.scale import ERROR
from metascore.scoring.changes import Versions, change_table
from metascore.scoring.scores import Measure, accuracy


def versions(learner, now, before, paired=True, measure=None):
    measure = measure or accuracy(5)
    return Versions("task", learner, now, measure, before, measure, paired)


def flat(values):
    """Curves that are flat at these accuracies (seed, episode)."""
    return np.asarray(values, dtype=np.float64)[..., None] * np.ones(11)


@pytest.fixture
def base():
    return np.random.default_rng(0).uniform(0.4, 0.9, (2, 100))


def table_of(*rows):
    return change_table(list(rows)).set_index("learner")


def test_change_by_hand():
    """Accuracies of 0.6 and 0.8 at 5 ways are MetaScores of 50 and 75."""
    row = table_of(versions("a", flat([[0.8, 0.8]]), flat([[0.6, 0.6]]))).loc["a"]
    assert (row["before"], row["now"], row["change"]) == pytest.approx((50, 75, 25))
    assert (row["low"], row["high"]) == pytest.approx((25, 25))
    assert (row["score_before"], row["score_now"]) == pytest.approx((0.6, 0.8))


def test_an_error_that_falls_is_better():
    measure = Measure(ERROR, chance=4.0, perfect=0.0)
    row = table_of(versions("a", flat([[1.0, 1.0]] * 2), flat([[2.0, 2.0]] * 2), measure=measure)).loc["a"]
    assert row["change"] == pytest.approx(25) and row["verdict"] == "better"


def test_verdicts(base):
    table = table_of(
        versions("same", flat(base), flat(base)),
        versions("better", flat(base + 0.05), flat(base)),
        versions("worse", flat(base - 0.05), flat(base)),
    )
    assert table["verdict"].to_dict() == {"same": "no evidence", "better": "better", "worse": "worse"}
    assert table.loc["same", ["change", "low", "high", "p"]].tolist() == [0, 0, 0, 1]
    assert (table["low"] <= table["change"]).all() and (table["change"] <= table["high"]).all()


def test_pairing_sees_what_independent_runs_hide(base):
    now, before = flat(base + 0.01), flat(base)
    assert table_of(versions("a", now, before, paired=True)).loc["a", "verdict"] == "better"
    unpaired = table_of(versions("a", now, before, paired=False)).loc["a"]
    assert unpaired["verdict"] == "no evidence" and unpaired["low"] < 0 < unpaired["high"]


def test_sets_of_other_sizes_are_compared_as_independent(base):
    row = table_of(versions("a", flat(base), flat(base[:, :30] - 0.3), paired=False)).loc["a"]
    assert row["change"] == pytest.approx(125 * (base.mean() - base[:, :30].mean() + 0.3), abs=1e-4)
    assert row["verdict"] == "better"


def test_many_rows_ask_for_more_evidence():
    """One of ten learners with p near 0.02 is no evidence; alone it is."""
    random = np.random.default_rng(0)
    before = random.uniform(0.4, 0.6, (2, 100))
    noise = 0.1 * random.standard_normal((1, 100))
    now = before + noise - noise.mean() + 0.1 * 2.4 / np.sqrt(100)
    one = versions("a", flat(now), flat(before))
    assert table_of(one).loc["a", "verdict"] == "better"
    others = [versions(f"same {k}", flat(before), flat(before)) for k in range(9)]
    assert table_of(one, *others).loc["a", "verdict"] == "no evidence"


def test_what_rounding_leaves_is_no_change():
    """The mean of three numbers and of ten, which all are 0.3, differ in the last bit."""
    now, before = flat(np.full((2, 10), 0.3)), flat(np.full((2, 3), 0.3) + 1e-16)
    row = table_of(versions("a", now, before + 1e-12, paired=False)).loc["a"]
    assert (row["change"], row["p"], row["verdict"]) == (0, 1, "no evidence")


def test_one_seed_has_an_interval_and_no_verdict(base):
    row = table_of(versions("a", flat(base[:1] + 0.05), flat(base[:1]))).loc["a"]
    assert row["verdict"] == "one seed: no verdict" and row["low"] <= row["change"] <= row["high"]


def test_one_episode_has_neither(base):
    row = table_of(versions("a", flat(base[:, :1] + 0.05), flat(base[:, :1]))).loc["a"]
    assert row["verdict"] == "one episode: no verdict" and np.isnan(row["low"])
