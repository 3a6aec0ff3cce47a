"""How long trainings take to a level, and whether all were as long."""

import numpy as np
import pandas as pd
import pytest

from metascore.problems.scale import ACCURACY
from metascore.report.table_cells import reached_cells
from metascore.scoring.reached import reached_table, unequal_times


def history(**curves):
    """A point of each learner every ten seconds, two tasks a second."""
    frames = [
        pd.DataFrame({"validation": scores, "seconds": 10.0 * np.arange(1, len(scores) + 1), "learner": learner})
        for learner, scores in curves.items()
    ]
    return pd.concat(frames).assign(task="images", tasks=lambda frame: 2 * frame["seconds"])


def scores(**seconds):
    return pd.DataFrame(
        {"task": "images", "learner": list(seconds), "seconds": list(seconds.values()), "tasks_seen": 80.0}
    ).assign(measure="accuracy", trained_on="images")


def test_the_first_validation_that_reaches_a_level_by_hand():
    """A level that is lost again has been reached."""
    table = reached_table(history(good=[0.7, 0.91, 0.89, 0.96], bad=[0.5, 0.6]), ACCURACY)
    table = table.set_index(["learner", "level"])
    good, bad = (table["seconds"].xs(learner) for learner in ("good", "bad"))
    assert good.tolist()[:3] == [20, 20, 40] and np.isnan(good[0.97])
    assert table.loc[("good", 0.95), "tasks"] == 80
    assert bad.isna().all()


def test_cells_say_what_was_not_reached():
    reached = reached_table(history(good=[0.7, 0.91]), ACCURACY)
    (row,) = reached_cells(reached, scores(good=20.0, none=0.0)).to_dict("records")
    assert row == {
        "learner": "good", "80 %": "20.0 s", "90 %": "20.0 s", "95 %": "not reached", "97 %": "not reached",
        "in all": "20.0 s", "tasks seen": "80",
    }  # fmt: skip


@pytest.mark.parametrize("longest, said", [(11.5, False), (11.6, True)])
def test_times_that_spread_by_more_than_15_percent_are_told(longest, said):
    found = unequal_times(scores(short=10.0, long=longest, untrained=0.0))
    assert bool(found) == said
    if said:
        assert "took 10.0 s (short) to 11.6 s (long), more than 15% apart" in found[0]


def test_the_time_of_a_training_on_another_task_is_not_compared():
    table = scores(short=10.0, long=99.0)
    table.loc[table["learner"] == "long", "trained_on"] = "others"
    assert unequal_times(table) == []
