"""A budget may run fewer of its seeds on some tasks."""

import pytest
from small_configuration import changed

from metascore.errors import UsageError


def test_a_task_has_its_smallest_seeds():
    config = changed("tiny: fewer_seeds", {"many": 1})
    assert (config.seeds_of("images"), config.seeds_of("many")) == ([0, 1], [0])
    assert config.tell_seeds() == "0, 1 (many: 0)"
    assert {run.seed for run in config.runs() if run.task == "many"} == {0}


def test_a_task_that_the_budget_has_not_is_named():
    with pytest.raises(UsageError, match=r"params/tiny\.yaml.*fewer_seeds.*not a task of this budget"):
        changed("tiny: fewer_seeds", {"nowhere": 1})
